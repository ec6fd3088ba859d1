import t from 'tap'
import { ExitCode } from '../../../../../operation/exit-code.ts'
import { runDelete } from '../../../../../plugin/commands/delete/action.ts'
import type { DeleteFlags } from '../../../../../plugin/commands/delete/command.ts'
import { ObjectStore } from '../../kubernetes/object-store.ts'
import { recordingTerminal } from '../../terminal/recording-terminal.ts'

const flags: DeleteFlags = {
  what: 'backup',
  names: ['b'],
  keepData: false,
  yes: false,
  dryRun: 'none',
  wait: true,
  timeout: undefined,
  image: undefined,
  registryMirror: undefined,
  imagePullPolicy: undefined,
  imagePullSecret: undefined,
  serviceAccount: 'kubectl-scalardl',
  nodeSelector: undefined,
  toleration: undefined,
  env: undefined,
  requests: undefined,
  limits: undefined,
  patch: undefined,
  ttl: '7d',
  name: undefined,
  databaseSecret: undefined,
  trustedKey: undefined,
  trustedRecord: undefined,
  namespace: undefined,
  context: undefined,
  kubeconfig: undefined,
  as: undefined,
  asGroup: undefined,
  requestTimeout: undefined,
  output: 'table',
  verbose: false,
}

function storeWithBackup(): ObjectStore {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state: 'failed', exitCode: 1 })
  store.job('backup-b', 'backup', { type: 'Failed' })
  return store
}

t.test('an image of its own and a mirror exclude each other, before anything is asked', async (t) => {
  const session = await storeWithBackup().session(t)
  const both = { ...flags, image: 'own', registryMirror: 'registry.example.com' }
  t.match(await runDelete(both, session, recordingTerminal().terminal).catch((error: unknown) => error), {
    exitCode: ExitCode.usage,
    what: '--image and --registry-mirror exclude each other',
  })
})

t.test('nothing is deleted before its name was typed', async (t) => {
  const store = storeWithBackup()
  const session = await store.session(t)
  for (const terminal of [
    recordingTerminal().terminal,
    recordingTerminal(['']).terminal,
    recordingTerminal(['backup-b']).terminal,
  ]) {
    t.match(await runDelete(flags, session, terminal).catch((error: unknown) => error), { exitCode: ExitCode.declined })
  }
  t.match(
    await runDelete({ ...flags, output: 'json' }, session, recordingTerminal().terminal).catch(
      (error: unknown) => error,
    ),
    { exitCode: ExitCode.declined },
    '-o json is no agreement',
  )
  t.equal(store.objects.size, 2)
})

t.test('a backup that holds no data goes with its Job, after its loss was shown', async (t) => {
  const store = storeWithBackup()
  const session = await store.session(t)
  const { terminal, data, lines } = recordingTerminal(['b'])
  t.equal(await runDelete(flags, session, terminal), ExitCode.done)
  t.strictSame(data, ['backup/b deleted'])
  t.match(lines.join('\n'), /Lost for good: b\n.*failed backup of my-ledger/)
  t.equal(store.objects.size, 0)
})

t.test('a point that its service keeps needs no Job, unless the service keeps backups of it too', async (t) => {
  const store = new ObjectStore()
  const database = {
    storages: ['ledger/default'],
    kind: 'dynamodb',
    title: 'dynamodb://eu-west-1',
    tables: [{ schema: 'scalar', name: 'asset' }],
    details: {},
  }
  store.record({
    operation: 'backup-b',
    kind: 'backup',
    state: 'succeeded',
    exitCode: 0,
    backup: { name: 'b', state: 'restorable', databases: [database] },
  })
  const session = await store.session(t)
  const { terminal, lines } = recordingTerminal(['b'])
  t.equal(await runDelete(flags, session, terminal), ExitCode.done)
  t.match(lines.join('\n'), /dynamodb:\/\/eu-west-1: the knowledge of the point alone; its tables and their past stay/)
  t.equal(store.objects.size, 0)

  store.record({
    operation: 'backup-b',
    kind: 'backup',
    state: 'succeeded',
    exitCode: 0,
    backup: { name: 'b', state: 'restorable', databases: [{ ...database, serviceBackups: 7 }] },
  })
  const asked = recordingTerminal(['b'])
  t.match(
    await runDelete(flags, session, asked.terminal).catch((error: unknown) => error),
    { what: /release "my-ledger" was not found/ },
    'whose properties say how the service is reached',
  )
  t.match(asked.lines.join('\n'), /7 on-demand backups/)
  t.equal(store.objects.size, 1, 'and its record is kept until they are gone')
})

t.test(
  'a backup under way, one of several that does not exist, or one whose data cannot be known is refused',
  async (t) => {
    const store = storeWithBackup()
    store.record({ operation: 'backup-running', kind: 'backup', state: 'running' })
    store.job('backup-running', 'backup')
    store.part('backup-new', 'backup', '{"version":2}')
    const session = await store.session(t)
    for (const [names, why] of [
      [['b', 'running'], /has not ended/],
      [['b', 'nowhere'], /the latest there/],
      [['b', 'new'], /version 2/],
    ] as const) {
      t.match(
        await runDelete({ ...flags, yes: true, names: [...names] }, session, recordingTerminal().terminal).catch(
          (error: unknown) => error,
        ),
        { why },
      )
    }
    t.equal(store.objects.size, 5, 'not even the one that could have been deleted')
    t.equal(
      await runDelete({ ...flags, yes: true, keepData: true, names: ['new'] }, session, recordingTerminal().terminal),
      ExitCode.done,
    )
  },
)

t.test('a backup by which a restore can still be undone stays, with its record, until that is settled', async (t) => {
  const store = storeWithBackup()
  const database = {
    title: 'dynamodb://eu-west-1',
    kind: 'dynamodb',
    state: 'in-service' as const,
    previous: 'the former tables',
    details: {},
  }
  const restore = { backup: 'backup-b', databases: [database], serving: 'restored' as const, wayBack: [] }
  store.record({ operation: 'restore-r', kind: 'restore', state: 'succeeded', exitCode: 0, restore })
  const session = await store.session(t)
  for (const keepData of [false, true]) {
    const refusal = await runDelete({ ...flags, yes: true, keepData }, session, recordingTerminal().terminal).catch(
      (error: unknown) => error,
    )
    t.match(refusal, { what: 'backup-b cannot be deleted', next: /restore restore-r --drop-previous -n ns.*--undo/ })
  }
  t.equal(store.objects.size, 3)
  store.record({
    operation: 'restore-r',
    kind: 'restore',
    state: 'succeeded',
    exitCode: 0,
    restore: { ...restore, databases: [{ ...database, previous: undefined }] },
  })
  t.equal(
    await runDelete({ ...flags, yes: true }, session, recordingTerminal().terminal),
    ExitCode.done,
    'as it is once the restored data is accepted',
  )
})
