import t, { type Test } from 'tap'
import { awsForRestores } from './restore-aws.ts'
import {
  dropRequest,
  restoreRequest,
  restoreStages,
  undoRequest,
  unprotect,
  type RestoreStage,
} from './restore-stage.ts'
import { worldOf } from './restored-world.ts'

const aws = await awsForRestores(t)

const [byPrefix, byReplacement, printed] = await restoreStages(
  t,
  aws,
  ['prod-', 'live-', 'show-'],
  async (installation) => {
    if (installation.prefix === 'live-') await unprotect(installation)
  },
)

/** An operation that is to succeed. @param warned of what, beside the restore points that tables lost */
async function succeeds(
  t: Test,
  stage: RestoreStage,
  request: Parameters<RestoreStage['worker']>[0],
  warned: RegExp[] = [],
): Promise<void> {
  const { code, events } = await stage.worker(request)
  t.equal(code, 0, JSON.stringify(stage.record(request.operation)?.failure))
  // An undo in place tells which restore points are gone.
  const told = events.flatMap(({ level, message }) =>
    level !== 'info' && !/without the restore points that they had/.test(message) ? [message] : [],
  )
  // This installation has no key, so nothing asks for a signature, and each says that.
  const former = request.kind === 'restore' ? [] : [/^nobody vouches for restore-/]
  const expected = [...former, /^nobody vouches for backup-/, ...warned]
  t.match(told, expected)
  t.equal(told.length, expected.length, told.join())
  t.equal(stage.replicas(), 3, 'the release serves')
}

t.test(
  'under a prefix: every table of that moment with all its settings beside the former, ' +
    'and the release is pointed to it and back',
  async (t) => {
    const former = await worldOf(byPrefix.clients, 'prod-')
    await succeeds(t, byPrefix, restoreRequest('a', { prefix: 'new-' }))
    t.strictSame((await worldOf(byPrefix.clients, 'new-')).tables, byPrefix.atPoint.tables)
    t.strictSame(await worldOf(byPrefix.clients, 'prod-'), former, 'the former tables are untouched')
    t.match(byPrefix.properties(), /^scalar\.db\.dynamo\.namespace\.prefix=new-$/m)
    t.match(byPrefix.record('restore-a')?.restore, {
      serving: 'restored',
      databases: [{ state: 'in-service', previous: /"prod-"/ }],
    })

    const properties = byPrefix.properties()
    await succeeds(t, byPrefix, undoRequest('a'))
    t.equal(byPrefix.properties(), properties.replace('new-', 'prod-'))
    t.match(byPrefix.record('restore-a')?.restore, { serving: 'previous' })
  },
)

t.test('under a prefix: the former tables are removed once it is asked for, and nothing else', async (t) => {
  await byPrefix.installation.client.updateTable({
    TableName: 'prod-scalar.contract',
    DeletionProtectionEnabled: false,
  })
  await succeeds(t, byPrefix, restoreRequest('b', { prefix: 'newer-' }))
  await succeeds(t, byPrefix, dropRequest('b'), [/^backup-x is lost: table \S+ was deleted/])
  const left = await worldOf(byPrefix.clients, 'prod-')
  t.match(left.tables, { 'PREFIXscalardb.metadata': { items: { length: 0 } } })
  t.strictSame(Object.keys(left.tables), ['PREFIXscalardb.metadata', 'PREFIXscalardb.namespaces'])
  t.strictSame((await worldOf(byPrefix.clients, 'newer-')).tables, byPrefix.atPoint.tables)
})

t.test(
  'in place: the tables of that moment under their own names, every setting again, ' +
    'and back to the last state of the former',
  async (t) => {
    const former = await worldOf(byReplacement.clients, 'live-')
    await succeeds(t, byReplacement, restoreRequest('c', { strategy: 'replace' }))
    const restored = await worldOf(byReplacement.clients, 'live-')
    t.strictSame(restored.tables, byReplacement.atPoint.tables, 'nothing is left of the temporary tables')
    t.match(byReplacement.record('restore-c')?.restore, {
      serving: 'restored',
      databases: [{ state: 'in-service', previous: /35 days/ }],
    })
    t.equal(restored.backups.filter((backup) => backup.startsWith('USER restoring.')).length, 3)

    await succeeds(t, byReplacement, undoRequest('c'))
    t.strictSame((await worldOf(byReplacement.clients, 'live-')).tables, former.tables)
  },
)

t.test(
  '--repoint print: the tables stand ready, the release serves on, and the record tells what to set',
  async (t) => {
    const properties = printed.properties()
    await succeeds(t, printed, restoreRequest('d', { repoint: 'print', prefix: 'shown-' }))
    t.equal(printed.properties(), properties)
    t.strictSame((await worldOf(printed.clients, 'shown-')).tables, printed.atPoint.tables)
    t.match(printed.record('restore-d')?.restore, {
      serving: 'previous',
      databases: [{ state: 'loaded' }],
      wayBack: [
        /namespace\.prefix=shown- of release my-ledger \(Helm: in ledger\.ledgerProperties\)/,
        String,
        /--undo/,
      ],
    })
  },
)
