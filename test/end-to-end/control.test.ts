import t from 'tap'
import type { Verdict } from '../stand-ins/ledger/data/verdict.ts'
import { twoDatabases } from '../stand-ins/ledger/release/release-properties.ts'
import { until } from './stage/gates.ts'
import { openLedgerStage } from './stage/ledger-stage.ts'

// If copies that were taken without a pause were consistent, a test that finds a backup consistent would prove nothing.

const { stage, deployment } = await openLedgerStage('kind-control')
t.teardown(() => stage.close())

const copies = ['ledger_a_copy', 'ledger_b_copy'] as const

/** Copies one database after the other, as somebody would who knows nothing of pauses. */
async function copyBoth(): Promise<void> {
  const copy = (copied: string): string => {
    const database = copied.replace(/_copy$/, '')
    return (
      `psql -qXU postgres -c 'DROP DATABASE IF EXISTS ${copied}' -c 'CREATE DATABASE ` +
      `${copied} OWNER scalar' && pg_dump -U postgres ` +
      `${database} | psql -qXU postgres -v ON_ERROR_STOP=1 -o /dev/null ${copied}`
    )
  }
  await stage.kubectl([
    'exec',
    'statefulset/database',
    '--',
    'bash',
    '-euo',
    'pipefail',
    '-c',
    copies.map(copy).join('\n'),
  ])
}

/** What the checker of the stand-in, given other properties, says of the copies. */
async function checkCopies(): Promise<Verdict> {
  const properties = twoDatabases('database:5432', copies, {
    username: 'HELM_SCALAR_DB_USERNAME',
    password: 'LEDGER_PASSWORD',
  })
  const check = 'STAND_IN_PROPERTIES=/dev/stdin node /app/main.mjs check || true'
  return JSON.parse(await stage.kubectl(['exec', '-i', deployment, '--', 'sh', '-c', check], properties)) as Verdict
}

t.test('copies taken while the release works are inconsistent', async (t) => {
  const problems: string[] = []
  for (let tries = 0; tries < 5 && problems.length === 0; tries += 1) {
    await copyBoth()
    problems.push(...(await checkCopies()).problems)
  }
  t.match(problems.join('; '), /lacks \d+ transfers/, 'one database has transfers that the other has not')
})

t.test('the same copies taken within a pause are consistent', async (t) => {
  const pause = await stage.scalardl(['pause', 'my', '--name', 'copying', '--max-pause', '5m'])
  t.equal(pause.code, 0, pause.stderr)
  await copyBoth()
  const unpause = await stage.scalardl(['unpause', 'my'])
  t.equal(unpause.code, 0, unpause.stderr)
  t.equal((await stage.scalardl(['wait', 'pause-copying'])).code, 0, 'the pause had not ended by itself')
  const verdict = await checkCopies()
  t.strictSame(verdict.problems, [])
  t.ok(verdict.details.transfersSavings > 0, 'there was something to copy')
})

t.test('the release went on writing after both', async (t) => {
  const before = (await checkCopies()).details.transfersChecking
  await until('a copy has more transfers', async () => {
    await copyBoth()
    return (await checkCopies()).details.transfersChecking > before
  })
  t.pass('a later copy has more transfers')
})
