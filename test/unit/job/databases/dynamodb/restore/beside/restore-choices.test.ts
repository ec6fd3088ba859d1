import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { accessOf } from '../../../../../../../job/databases/dynamodb/access.ts'
import { openClients } from '../../../../../../../job/databases/dynamodb/clients.ts'
import { readDetails } from '../../../../../../../job/databases/dynamodb/details.ts'
import { materialize } from '../../../../../../../job/databases/dynamodb/backup/materialize.ts'
import { jsonLineEvents } from '../../../../../../../job/process/events.ts'
import { openJournal } from '../../../../../../../job/journal/persisted-journal.ts'
import { awsForRestores } from '../restore-aws.ts'
import { restoreRequest, restoreStages, undoRequest, unprotect, type RestoreStage } from '../restore-stage.ts'
import { undisturbed } from '../restore-walk.ts'
import { allTables, worldOf } from '../restored-world.ts'

const aws = await awsForRestores(t)

const [moved, later, lost, kept] = await restoreStages(
  t,
  aws,
  ['moved-', 'later-', 'lost-', 'kept-'],
  async (installation) => {
    await unprotect(installation)
    if (installation.prefix === 'kept-')
      await installation.client.updateContributorInsights({
        TableName: 'kept-scalar.asset',
        IndexName: 'kept-scalar.asset.global_index.owner',
        ContributorInsightsAction: 'ENABLE',
        ContributorInsightsMode: 'THROTTLED_KEYS',
      })
  },
)

t.test('to another region, with a key of its own: the tables are there, and the release looks there', async (t) => {
  const kmsKey = 'arn:aws:kms:us-east-1:123456789012:key/of-virginia'
  const choice = { region: 'us-east-1', kmsKey, prefix: 'moved-' } as const
  const bound = await moved.worker(restoreRequest('bound', choice))
  t.equal(bound.code, 1)
  t.match(moved.record('restore-bound')?.failure, { why: /an endpoint of eu-west-1 alone/, next: /--repoint print/ })
  for (const [file, text] of moved.cluster.texts)
    moved.cluster.texts.set(file, text.replace(/^scalar\.db\.dynamo\.endpoint_override=.*\n/m, ''))
  await undisturbed(t, moved, restoreRequest('moved', choice))
  const endpoint = `${aws.endpoint}/us-east-1`
  const there = openClients(
    { ...accessOf(moved.installation.settings, {}), region: 'us-east-1', endpoint },
    { patienceMs: 60_000 },
  )
  t.teardown(() => there.close())
  const restored = await worldOf(there, 'moved-')
  t.match(restored.tables['PREFIXscalar.asset'], {
    settings: { kmsKey, globalIndexes: [{ name: 'PREFIXscalar.asset.global_index.owner' }], timeToLive: 'expires' },
  })
  const items = (world: typeof restored) =>
    Object.entries(world.tables).map(([name, table]) => [name, (table as { items: unknown }).items])
  t.strictSame(items(restored), items(moved.atPoint))
  t.match(moved.properties(), /contact_points=us-east-1/)
  await undisturbed(t, moved, undoRequest('moved'))
  t.match(moved.properties(), /contact_points=eu-west-1/)
})

t.test('to a second of which no pause is recorded: what was there then, with a warning', async (t) => {
  const at = new Date(Math.floor(aws.now() / 1000) * 1000 + 1000)
  await sleep(at.getTime() + 1100 - aws.now())
  const then = await worldOf(later.clients, 'later-')
  await later.installation.write()
  await sleep(300)
  const { code } = await later.worker(
    restoreRequest('later', { at: at.toISOString(), unproven: true, prefix: 'then-' }),
  )
  t.equal(code, 0)
  t.strictSame((await worldOf(later.clients, 'then-')).tables, then.tables)
  t.match(
    later.record('restore-later')?.findings.filter(({ outcome }) => outcome === 'warning'),
    [{ message: /UNPROVEN/ }],
  )
})

/** Turns a stage's backup into one that outlives its tables. */
async function materialized(stage: RestoreStage): Promise<void> {
  const journal = await openJournal('backup-x', { read: async () => undefined, write: async () => undefined })
  const made = await materialize(stage.entry, {
    clients: stage.clients,
    operation: `backup-of-${stage.installation.prefix}`,
    signal: new AbortController().signal,
    events: jsonLineEvents(() => undefined),
    journal,
  })
  const record = stage.record('backup-x')
  if (record?.backup === undefined) throw new Error('no backup')
  await stage.cluster.writeRecord({ ...record, backup: { ...record.backup, databases: [made] } })
}

t.test('from a materialized backup: every table of it, although all tables of the account are gone', async (t) => {
  await materialized(lost)
  for (const { name } of readDetails(lost.entry).tables) {
    await lost.installation.client.deleteTable({ TableName: name })
    while ((await allTables(lost.clients)).includes(name)) await sleep(10)
  }
  aws.set({ denied: [{ action: 'dynamodb:RestoreTableFromBackup', table: 'found-*' }] })
  t.equal((await lost.worker(restoreRequest('denied', { prefix: 'found-' }))).code, 1)
  aws.set({ denied: [] })
  t.match(lost.record('restore-denied')?.failure, {
    what: /nothing was touched/,
    next: /allow dynamodb:RestoreTableFromBackup/,
  })
  await undisturbed(t, lost, restoreRequest('lost', { prefix: 'found-' }))
  t.strictSame((await worldOf(lost.clients, 'found-')).tables, lost.atPoint.tables)
})

t.test(
  'in place from a materialized backup: no temporary tables, and the backup stays for another restore',
  async (t) => {
    await materialized(kept)
    aws.forgetCalls()
    await undisturbed(t, kept, restoreRequest('kept', { strategy: 'replace' }))
    t.strictSame(
      aws.calls().filter(({ operation, error }) => operation === 'RestoreTableToPointInTime' && error === undefined),
      [],
    )
    t.strictSame((await worldOf(kept.clients, 'kept-')).tables, kept.atPoint.tables)
    await undisturbed(t, kept, restoreRequest('again', { strategy: 'replace' }))
    t.strictSame((await worldOf(kept.clients, 'kept-')).tables, kept.atPoint.tables)
  },
)

t.test(
  'contributor insights of an index that cannot be turned on again are told, and do not fail a restore',
  async (t) => {
    aws.set({ denied: [{ action: 'dynamodb:UpdateContributorInsights' }] })
    t.equal(
      (await kept.worker(restoreRequest('blind', { strategy: 'replace' }))).code,
      0,
      JSON.stringify(kept.record('restore-blind')?.failure),
    )
    aws.set({ denied: [] })
    t.match(
      JSON.stringify(kept.record('restore-blind')),
      /contributorInsights kept-scalar.asset.global_index.owner: none instead of THROTTLED_KEYS/,
    )
  },
)
