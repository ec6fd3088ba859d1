import t from 'tap'
import { configMapName, labels, operationLabels, partKey } from '../../../../../operation/names.ts'
import { newRecord } from '../../../../../operation/record.ts'
import { commandLine } from '../../../../../plugin/command-line/command-line.ts'
import { commands } from '../../../../../plugin/commands/commands.ts'
import { runGet } from '../../../../../plugin/commands/get/action.ts'
import type { GetFlags } from '../../../../../plugin/commands/get/command.ts'
import { answerJson, sessionWith } from '../../kubernetes/api-server.ts'
import { recordingTerminal } from '../../terminal/recording-terminal.ts'

function backup(namespace: string, name: string, day: number) {
  const [operation, createdAt] = [`backup-${name}`, `2026-11-0${day}T00:00:00.000Z`]
  const record = newRecord({
    operation,
    kind: 'backup',
    namespace,
    releases: ['my-ledger'],
    createdAt,
    plugin: '0.1.0',
  })
  return {
    metadata: {
      name: configMapName(operation, 'record'),
      namespace,
      creationTimestamp: createdAt,
      labels: { ...operationLabels(operation, 'backup'), [labels.part]: 'record' },
    },
    data: { [partKey('record')]: JSON.stringify({ ...record, state: 'succeeded', exitCode: 0 }) },
  }
}

const records = [backup('west', 'late', 3), backup('east', 'only', 2), backup('west', 'early', 1)]

/** A command line's `get` in a cluster with three namespaces, of which one has no operation. */
async function get(line: string, kept = records) {
  const { session, close } = await sessionWith((_request, response, { pathname }) => {
    const [, namespace] = /\/namespaces\/([^/]+)\//.exec(pathname) ?? []
    const isRecords = pathname.endsWith('/configmaps')
    const items = kept.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
    answerJson(response, { items: isRecords ? items : [], metadata: {} })
  })
  const { terminal, data, lines } = recordingTerminal()
  try {
    let code: number | undefined
    const run = async (flags: unknown) => void (code = await runGet(flags as GetFlags, session, terminal))
    await commandLine(line.split(' '), commands, { withCluster: run, local: run }).parseAsync()
    return { code, text: data.join('\n'), lines }
  } finally {
    close()
  }
}

t.test('-A lists every namespace in a column of its own, the oldest of each first', async (t) => {
  for (const line of ['get backups -A', 'get backups --all-namespaces', 'get operations -A']) {
    const { code, text } = await get(line)
    t.equal(code, 0)
    const rows = text.split('\n').map((row) => row.split(/ {2,}/).slice(0, 2))
    const prefix = line.includes('operations') ? 'backup-' : ''
    t.strictSame(rows, [
      ['NAMESPACE', line.includes('operations') ? 'OPERATION' : 'NAME'],
      ['east', `${prefix}only`],
      ['west', `${prefix}early`],
      ['west', `${prefix}late`],
    ])
  }
  t.equal((await get('get backups -A -o name')).text, 'backup/only\nbackup/early\nbackup/late')
  const { items } = JSON.parse((await get('get backups -A -o json')).text) as { items: { namespace: string }[] }
  t.strictSame(
    items.map(({ namespace }) => namespace),
    ['east', 'west', 'west'],
  )
})

t.test('without -A there is one namespace and no such column', async (t) => {
  t.match((await get('get backups', [backup('ns', 'a', 1)])).text, /^NAME +RELEASES/)
  t.strictSame((await get('get backups')).lines, ['There are no backups in namespace ns.'])
  t.strictSame((await get('get backups -A', [])).lines, ['There are no backups in any namespace.'])
})

t.test('a name with -A is refused', async (t) => {
  const failure = await get('get backup only -A').catch((error: unknown) => error)
  t.match(failure, { exitCode: 2, next: /-n NAMESPACE/ })
})
