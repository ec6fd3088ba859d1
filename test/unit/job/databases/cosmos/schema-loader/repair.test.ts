import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import {
  askRights,
  backupActions,
  indexAction,
  restoreActions,
} from '../../../../../../job/databases/cosmos/rights-needed.ts'
import { Interrupted } from '../../../../../../job/process/interrupted.ts'
import { mounts } from '../../../../../../operation/request.ts'
import {
  clientId,
  createContainer,
  dataClient,
  group,
  soon,
  tenant,
  until,
} from '../../../../stand-ins/azure/clients.ts'
import { toolContainer } from '../../../exec/tool-container.ts'
import { backupRequest, openRelease, restoreRequest } from '../release-stage.ts'

// A restore with --schema-loader-image, whose container is the real starter with a loader of the tests' own. A
// container of the account that the backup knows nothing of comes back without its procedure, and gets one.

const stage = await openRelease(t)
const { azure, client, cluster } = stage
const folder = mkdtempSync(join(tmpdir(), 'schema-loader-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const told = join(folder, 'told')
// The image of the loader trusts what its nodes trust.
writeFileSync(join(folder, 'ca.crt'), azure.ca)
Object.assign(process.env, { NODE_EXTRA_CA_CERTS: join(folder, 'ca.crt'), LOADER_TOLD: told })

await createContainer(await dataClient(t, stage, 'ledger'), 'old', 'dropped')
const second = Math.ceil((azure.now() + 1) / 1000) * 1000
await sleep(second + 1000 - azure.now())
const at = new Date(second).toISOString()
await client.sqlResources.deleteSqlDatabase(group, 'ledger', 'old', soon)
const failureIn = (operation: string) => JSON.stringify(stage.record(operation)?.failure)
t.before(async () => t.equal((await stage.worker(backupRequest('a'))).code, 0, failureIn('backup-a')))

const exec = { image: 'loader:1', program: 'node', phase: 'repair' as const, timeoutMs: 120_000 }
const program = resolve(import.meta.dirname, 'program.ts')

/** A pod of a restore: a worker, and the container of the loader beside it. */
function pod(t: Test, name: string, { more = {}, node = process.execPath, life = new AbortController() } = {}) {
  const container = toolContainer(t, [
    node,
    program,
    '--config',
    mounts.loaderProperties,
    '--repair-all',
    '--coordinator',
  ])
  Object.assign(mounts, { exec: container.folder })
  const choice = { repoint: 'print' as const, at, unproven: true }
  const request = { ...restoreRequest(name, 'a'), choice, exec: { ...exec, ...more } }
  const ended = stage.worker(request, life.signal).finally(() => container.kill())
  return { container, ended }
}

const runs = () => (existsSync(told) ? readFileSync(told, 'utf8').trim().split('\n') : [])
const madeBy = (operation: string) =>
  String(stage.record(operation)?.restore?.databases[0]?.details['account']).split('/').at(-1) ?? ''
const proceduresOf = async (account: string, database: string, container: string) => {
  const found: string[] = []
  for await (const { name = '' } of client.sqlResources.listSqlStoredProcedures(group, account, database, container))
    found.push(name)
  return found
}

t.test('what came back without its procedure is repaired, and no key is anywhere', async (t) => {
  const { container, ended } = pod(t, 'whole')
  const { code, events } = await ended
  t.equal(code, 0, failureIn('restore-whole'))
  const name = madeBy('restore-whole')
  t.strictSame(await proceduresOf(name, 'old', 'dropped'), ['mutate.js'])
  const differences = stage.record('restore-whole')?.restore?.databases[0]?.details['differences'] as string[]
  t.strictSame(
    differences.map((line) => line.split(' was ')[0]),
    ['scalardb/metadata stored procedure mutate.js', 'scalardb/namespaces stored procedure mutate.js'],
    'what the loader has added is told, and no harm',
  )
  t.match(stage.record('restore-whole')?.restore?.command, {
    image: 'loader:1',
    phase: 'repair',
    runs: [{ end: 'exit code 0' }],
  })
  t.strictSame(
    runs().map((line) => JSON.parse(line) as unknown),
    [
      {
        config: '/scalardl/exec/database.properties',
        'schema-file': '',
        'repair-all': true,
        coordinator: true,
        properties: {
          'scalar.db.storage': 'cosmos',
          'scalar.db.contact_points': `${azure.endpoint}/accounts/${name}/`,
        },
      },
    ],
  )
  t.notOk(existsSync(join(container.folder, 'database.properties')), 'its properties are there while it runs alone')
  const said = events.map(({ message }) => message)
  t.ok(said.includes('schema loader: logging in with …'), said.join('\n'))
  const { primaryMasterKey = 'none' } = await client.databaseAccounts.listKeys(group, name)
  const left = JSON.stringify([events, [...cluster.recordsByName], [...cluster.journals], [...cluster.texts]])
  t.notOk(left.includes(primaryMasterKey))
})

t.test('killed while it runs, it is run again by the next worker: the same end, and no second account', async (t) => {
  const accounts = (await stage.accounts()).length
  const [before, life] = [runs().length, new AbortController()]
  writeFileSync(`${told}.slow`, '')
  const first = pod(t, 'killed', { life })
  await until('the loader runs', async () => runs().length > before)
  life.abort(new Interrupted('SIGTERM'))
  t.equal((await first.ended).code, 143)
  rmSync(`${told}.slow`)
  t.equal((await pod(t, 'killed').ended).code, 0, failureIn('restore-killed'))
  t.equal(runs().length, before + 2)
  t.strictSame(await proceduresOf(madeBy('restore-killed'), 'old', 'dropped'), ['mutate.js'])
  t.equal((await stage.accounts()).length, accounts + 1)
})

t.test('where it fails or takes too long, the restore has failed, and its account is gone', async (t) => {
  const accounts = await stage.accounts()
  writeFileSync(`${told}.fails`, '')
  t.equal((await pod(t, 'failed').ended).code, 1)
  rmSync(`${told}.fails`)
  t.match(stage.record('restore-failed'), {
    failure: { what: 'the schema loader failed', why: 'exit code 3', next: /logs restore-failed/ },
    restore: { serving: 'previous', command: { runs: [{ end: 'exit code 3' }] } },
  })
  writeFileSync(`${told}.slow`, '')
  t.equal((await pod(t, 'slow', { more: { timeoutMs: 5_000 } }).ended).code, 1)
  rmSync(`${told}.slow`)
  t.match(stage.record('restore-slow')?.failure, { why: /^it took longer than 5\.0 s \(--exec-timeout\)/ })
  t.strictSame(await stage.accounts(), accounts)
})

t.test('refused before anything is made: an image without its program, no right to read keys', async (t) => {
  azure.forgetCalls()
  t.equal((await pod(t, 'without', { node: 'no-such-program' }).ended).code, 1)
  t.match(stage.record('restore-without')?.failure, { what: /nothing was touched/, why: /has no program no-such/ })
  const actions = [...backupActions, ...restoreActions, indexAction, askRights]
  azure.set({ identities: { [clientId]: { tenant, roles: [{ actions }] } } })
  t.equal((await pod(t, 'keyless').ended).code, 1)
  t.match(stage.record('restore-keyless')?.failure, {
    why: /right to read keys.*missing: .*listKeys/,
    next: /cosmos-keys-role.json, or omit --schema-loader-image/,
  })
  t.strictSame(stage.changes(), [])
})
