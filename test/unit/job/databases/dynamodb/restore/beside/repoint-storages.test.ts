import t from 'tap'
import { accessKey, secretKey } from '../../installation.ts'
import { awsForRestores } from '../restore-aws.ts'
import { restoreRequest, restoreStages, undoRequest, type RestoreStage } from '../restore-stage.ts'
import { undisturbed } from '../restore-walk.ts'
import { allTables } from '../restored-world.ts'

const aws = await awsForRestores(t)

const [forth, back, byHand] = await restoreStages(t, aws, ['forth-', 'back-', 'hand-'])

/** Lets a stage's release have two storages in its one DynamoDB. */
async function withTwoStorages({ cluster, installation }: RestoreStage): Promise<void> {
  const path = 'scalar.db.multi_storage.'
  const storages = ['asset', 'rest'].map((name) => {
    const own = {
      storage: 'dynamo',
      contact_points: 'eu-west-1',
      username: accessKey,
      password: secretKey,
      'dynamo.endpoint_override': '${env:AWS_ENDPOINT}',
      'dynamo.namespace.prefix': installation.prefix,
    }
    return Object.entries(own)
      .map(([property, value]) => `${path}storages.${name}.${property}=${value}\n`)
      .join('')
  })
  const [file] = cluster.texts.keys()
  cluster.texts.set(
    file ?? '',
    `scalar.db.storage=multi-storage\n${path}storages=asset,rest\n${path}default_storage=rest\n` +
      `${path}namespace_mapping=scalar:asset\n${storages.join('')}`,
  )
  const record = cluster.recordsByName.get('backup-x')
  for (const database of record?.backup?.databases ?? []) database.storages = ['ledger/asset', 'ledger/rest']
  if (record !== undefined) await cluster.writeRecord(record)
}

const prefixes = ({ properties }: RestoreStage) =>
  [...properties().matchAll(/namespace\.prefix=(.*)/g)].map(([, prefix]) => prefix)

t.test(
  'killed between two storages of a DynamoDB: a restore, and its undo, are finished by the next worker',
  async (t) => {
    await withTwoStorages(forth)
    const half = () => new Set(prefixes(forth)).size === 2
    t.ok((await forth.worker(restoreRequest('forth', { prefix: 'new-forth-' }), { until: half })).killed)
    t.strictSame(prefixes(forth), ['new-forth-', 'forth-'])
    t.equal(
      (await forth.worker(restoreRequest('forth', { prefix: 'new-forth-' }))).code,
      0,
      JSON.stringify(forth.record('restore-forth')?.failure),
    )
    t.strictSame(prefixes(forth), ['new-forth-', 'new-forth-'])
    t.ok((await forth.worker(undoRequest('forth'), { until: half })).killed)
    t.equal((await forth.worker(undoRequest('forth'))).code, 0, JSON.stringify(forth.record('undo-forth')?.failure))
    t.strictSame(prefixes(forth), ['forth-', 'forth-'])
    t.equal(forth.replicas(), 3)
  },
)

t.test('an undo that failed at the second storage of a DynamoDB can be done again', async (t) => {
  await withTwoStorages(back)
  await undisturbed(t, back, restoreRequest('back', { prefix: 'new-back-' }))
  const change = back.cluster.changeConfigMapText
  let changes = 0
  back.cluster.changeConfigMapText = async (...given) => {
    changes += 1
    if (changes > 1) throw new Error('no right to change it')
    await change.call(back.cluster, ...given)
  }
  t.equal((await back.worker(undoRequest('back'))).code, 1)
  back.cluster.changeConfigMapText = change
  t.strictSame(prefixes(back), ['back-', 'new-back-'])
  t.equal(back.replicas(), 0)
  await undisturbed(t, back, { ...undoRequest('back'), operation: 'undo-again', replicas: 3 })
  t.strictSame(prefixes(back), ['back-', 'back-'])
})

t.test('tables that were only made ready stay where one storage was pointed to them by hand', async (t) => {
  await withTwoStorages(byHand)
  await undisturbed(t, byHand, restoreRequest('shown', { prefix: 'shown-', repoint: 'print' }))
  const tables = await allTables(byHand.clients)
  const [file = ''] = byHand.cluster.texts.keys()
  byHand.cluster.texts.set(file, byHand.properties().replace('prefix=hand-', 'prefix=shown-'))
  t.equal((await byHand.worker(undoRequest('shown'))).code, 1)
  t.match(byHand.record('undo-shown')?.failure, {
    what: 'the restored tables are not removed',
    why: /a release uses their prefix "shown-"/,
  })
  t.strictSame(await allTables(byHand.clients), tables)
})
