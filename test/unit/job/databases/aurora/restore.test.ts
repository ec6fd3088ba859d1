import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import type { RestoreChoice } from '../../../../../operation/restore-options.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { aurora } from '../../../../../job/databases/aurora/aurora.ts'
import { restoreTag } from '../../../../../job/databases/aws-relational/restore/ownership.ts'
import { until } from '../../../stand-ins/aws/clients.ts'
import { availableCluster, describeCluster } from '../../../stand-ins/aws/clusters.ts'
import { availableInstance, describe, masterLogin } from '../../../stand-ins/aws/instances.ts'
import { failureOf } from '../../failure-of.ts'
import { memoryJournal, noErrors } from '../database-conformance.ts'
import { killedAtEachWrite, neverMeet } from '../restored-beside.ts'
import { backedUp, openWorld, toldOf } from './cluster-world.ts'

const world = await openWorld(t)
const own = ['ledger-1', 'ledger-2', 'ledger-3']
let entry: DatabaseBackup
t.before(async () => void (entry = await backedUp(world)))
t.afterEach(async () => {
  const left = [await world.clusters(), await world.instances()]
  if (!isDeepStrictEqual(left, [['ledger'], own])) throw new Error(`left behind: ${JSON.stringify(left)}`)
})
const print: RestoreChoice = { repoint: 'print' }
const open = (operation: string, choice: RestoreChoice = print) =>
  aurora.openRestore(world.settings, entry, world.context(operation, { choice }))
/** The cluster that a restore made, by its own word. */
const madeBy = (destination: ReturnType<typeof open>) => String(destination.describe().details['cluster'])
const beside = { open: (operation: string) => open(operation), madeBy, present: () => world.clusters() }
const asked = (operation: RegExp) =>
  world.aws.calls().filter((call) => operation.test(call.operation) && call.status === 200)

t.test('the new cluster and its instances are like the former in everything that a restore forgets', async (t) => {
  const before = await toldOf(world, world.name)
  t.equal(before.instances.length, 3)
  world.aws.forgetCalls()
  const destination = open('restore-a')
  noErrors(t, await destination.preflight())
  const { steps } = await destination.plan()
  t.match(steps[0], /restore the cluster ledger as of .* to the new cluster ledger-\d{12}-/)
  t.match(
    steps[1],
    /the writer first: ledger-1 \(db.r6g.large\), ledger-3 \(db.r6g.xlarge\), ledger-2 \(db.serverless\)/,
  )
  await destination.load(await memoryJournal())
  const name = madeBy(destination)
  t.match(name, /^ledger-\d{12}-[0-9a-f]{6}$/)
  t.strictSame(await toldOf(world, name), before)
  t.strictSame(destination.describe().details['differences'], [])
  t.strictSame(await toldOf(world, world.name), before, 'the cluster in service is untouched')
  const [call] = asked(/^Restore/)
  t.match(call?.input, {
    VpcSecurityGroupIds: ['sg-0a', 'sg-0b'],
    RestoreType: 'full-copy',
    RestoreToTime: /:\d\d(\.000)?Z$/,
  })
  t.ok(
    asked(/^CreateDBInstance/).every(({ input }) => input?.['PubliclyAccessible'] === 'false'),
    'never open to others',
  )
  const lines = (await destination.instructions?.())?.join('\n') ?? ''
  t.match(lines, /contact_points=jdbc:postgresql:\/\/127\.0\.0\.2:\d+\/postgres\n/)
  t.match(lines, /delete-db-cluster --region eu-west-1 --db-cluster-identifier ledger --final-db-snapshot/)

  const former = destination.describe()
  const undo = aurora.openUndo(world.settings, entry, { ...world.context('restore-a', { choice: print }), former })
  await undo.discard(await memoryJournal())
  await Promise.all([destination.close(), undo.close()])
})

t.test(
  'a backup of what an earlier restore made can be restored: the tags of that restore are left behind',
  async (t) => {
    const tag = { Key: restoreTag, Value: 'restore-earlier' }
    const tagged = <T extends { tags: object[] }>(one: T): T => ({ ...one, tags: [...one.tags, tag] })
    const settings = Object(entry.details['settings']) as { tags: object[]; members: { tags: object[] }[] }
    const again = { ...tagged(settings), members: settings.members.map(tagged) }
    const backup = JSON.parse(JSON.stringify({ ...entry, details: { ...entry.details, settings: again } }))
    const destination = aurora.openRestore(
      world.settings,
      backup as DatabaseBackup,
      world.context('restore-again', { choice: print }),
    )
    const journal = await memoryJournal()
    await destination.load(journal)
    const cluster = await describeCluster(world.client, madeBy(destination))
    const members = await Promise.all(
      (cluster?.DBClusterMembers ?? []).map(({ DBInstanceIdentifier = '' }) =>
        describe(world.client, DBInstanceIdentifier),
      ),
    )
    t.equal(members.length, 3)
    for (const one of [cluster, ...members])
      t.strictSame(
        (one?.TagList ?? []).filter(({ Key }) => Key === restoreTag),
        [{ ...tag, Value: 'restore-again' }],
      )
    await destination.discard(journal)
  },
)

t.test('two restores of one backup never meet', (t) => neverMeet(t, beside))

t.test('killed at any write of the journal and run again: the same end, and nothing twice', async (t) => {
  const before = await toldOf(world, world.name)
  world.aws.forgetCalls()
  const writes = 13
  await killedAtEachWrite(t, writes, beside, async (made, when) =>
    t.strictSame(await toldOf(world, made), before, when),
  )
  const named = asked(/^(RestoreDB|CreateDBInstance)/).map(({ tables }) => tables[0])
  t.equal(named.length, writes * 4)
  t.equal(new Set(named).size, named.length, 'no cluster and no instance was asked for twice')
})

t.test('lost answers, throttles and failing servers leave one cluster', async (t) => {
  world.aws.set({
    faults: [
      { operation: 'RestoreDBClusterToPointInTime', effect: 'lost-answer', times: 1 },
      { operation: 'CreateDBInstance', effect: 'lost-answer-500', times: 2 },
      { operation: 'ModifyDBCluster', effect: 'lost-answer-500', times: 1 },
      { operation: 'Describe*', effect: 'throttle', skip: 3, times: 3 },
      { operation: 'Describe*', effect: 'expired', skip: 8, times: 1 },
    ],
    phases: { modifyBegins: 300 },
  })
  const destination = open('restore-faults')
  const journal = await memoryJournal()
  await destination.load(journal)
  world.aws.set({ faults: [], phases: { modifyBegins: 0 } })
  t.strictSame(await toldOf(world, madeBy(destination)), await toldOf(world, world.name))
  t.equal((await world.instances()).length, 6)
  await destination.discard(journal)
})

t.test('a cluster that others can reach, or that lacks an instance, is not handed over', async (t) => {
  const journal = await memoryJournal()
  const destination = open('restore-opened')
  await destination.load(journal)
  const name = madeBy(destination)
  const [member = ''] = (await world.instances()).filter((one) => one.startsWith('ledger-2-'))
  await world.client.modifyDBInstance({ DBInstanceIdentifier: member, PubliclyAccessible: true })
  await until('it is open', async () => (await describe(world.client, member))?.PubliclyAccessible === true)
  await availableInstance(world.client, member)
  const change = async (groups: string[]) => {
    await world.client.modifyDBCluster({ DBClusterIdentifier: name, VpcSecurityGroupIds: groups })
    await until('it is changed', async () => {
      const present = (await describeCluster(world.client, name))?.VpcSecurityGroups?.map(
        (one) => one.VpcSecurityGroupId,
      )
      return JSON.stringify(present) === JSON.stringify(groups)
    })
    await availableCluster(world.client, name)
  }
  await change(['sg-0a', 'sg-all'])
  t.match(await failureOf(destination.load(journal)), {
    what: /not what was backed up/,
    why: /VpcSecurityGroupIds was \["sg-0a","sg-0b"\].*instance ledger-2-.*: PubliclyAccessible was false, and is true/,
  })
  await destination.discard(journal)
})

t.test('a restore that AWS fails is told, and what it left is removed', async (t) => {
  world.aws.set({ relational: { failRestoresAs: 'inaccessible-encryption-credentials' } })
  const destination = open('restore-failed')
  const journal = await memoryJournal()
  t.match(await failureOf(destination.load(journal)), { why: /inaccessible-encryption-credentials/ })
  world.aws.set({ relational: { failRestoresAs: undefined } })
  await destination.discard(journal)
})

t.test("a name that is somebody else's is never touched: of the cluster, and of an instance", async (t) => {
  const name = madeBy(open('restore-taken'))
  const other = { Engine: 'aurora-postgresql', ...masterLogin }
  for (const Tags of [[], [{ Key: restoreTag, Value: 'restore-other' }]]) {
    await world.client.createDBCluster({ DBClusterIdentifier: name, ...other, Tags })
    await availableCluster(world.client, name)
    t.match(
      (await open('restore-taken').preflight()).filter(({ outcome }) => outcome === 'error'),
      [{ check: 'cluster to be made', message: /not of this restore/ }],
    )
    const journal = await memoryJournal()
    const destination = open('restore-taken')
    t.match(await failureOf(destination.load(journal)), { why: /not of this restore/ })
    await destination.discard(journal)
    t.equal((await describeCluster(world.client, name))?.Status, 'available')
    await world.client.deleteDBCluster({ DBClusterIdentifier: name, SkipFinalSnapshot: true })
    await until('it is gone', async () => (await describeCluster(world.client, name)) === undefined)
  }
  const stem = name.slice('ledger'.length, -'-abcdef'.length)
  const journal = await memoryJournal()
  const first = open('restore-taken-instance')
  await first.load(journal)
  const [taken = ''] = (await world.instances()).filter((one) => one.startsWith(`ledger-3${stem}`))
  await first.discard(journal)
  const foreign = { DBInstanceClass: 'db.r6g.large', AllocatedStorage: 20, Engine: 'postgres', ...masterLogin }
  await world.client.createDBInstance({ DBInstanceIdentifier: taken, ...foreign })
  await availableInstance(world.client, taken)
  const again = open('restore-taken-instance')
  const second = await memoryJournal()
  t.match(await failureOf(again.load(second)), { what: `nothing is restored to instance ${taken}` })
  await again.discard(second)
  t.equal((await describe(world.client, taken))?.DBInstanceStatus, 'available')
  await world.client.deleteDBInstance({ DBInstanceIdentifier: taken, SkipFinalSnapshot: true })
  await until('it is gone', async () => (await describe(world.client, taken)) === undefined)
})

t.test('an instance that somebody added to the restored cluster stays, and the cluster with it', async (t) => {
  const journal = await memoryJournal()
  const destination = open('restore-added')
  await destination.load(journal)
  const asked = {
    DBInstanceClass: 'db.r6g.large',
    Engine: 'aurora-postgresql',
    DBClusterIdentifier: madeBy(destination),
  }
  await world.client.createDBInstance({ DBInstanceIdentifier: 'added', ...asked })
  await availableInstance(world.client, 'added')
  t.match(await failureOf(destination.discard(journal)), { why: 'somebody added added to it' })
  await world.client.deleteDBInstance({ DBInstanceIdentifier: 'added' })
  await until('it is gone', async () => (await describe(world.client, 'added')) === undefined)
  await destination.discard(journal)
})

t.test('a restore is refused before anything is touched, with its cause and its cure', async (t) => {
  world.aws.forgetCalls()
  const refused = async (choice: RestoreChoice, more: object = {}) => {
    const destination = aurora.openRestore(world.settings, entry, world.context('restore-no', { choice, ...more }))
    return (await destination.preflight()).filter(({ outcome }) => outcome === 'error')
  }
  t.strictSame(await refused(print), [])
  t.match(await refused({ ...print, at: '2020-01-01T00:00:00Z', unproven: true }), [
    { check: 'recovery window', message: /outside the window of ledger, which is from .* to / },
  ])
  t.match(await refused({ ...print, at: '2020-01-01T00:00:00.500Z' }), [{ check: 'restore point', cure: /Aurora/ }])
  t.match(await refused(print, { dropPrevious: true }), [{ check: 'former cluster', cure: /--drop-previous/ }])
  const gone = {
    'ledger-cluster-parameters': 'cluster parameter group',
    'ledger-parameters': 'parameter group',
    'ledger-subnets': 'subnet group',
  }
  for (const [name, check] of Object.entries(gone)) {
    world.aws.set({ relational: { gone: [name] } })
    t.match(await refused(print), [{ check, message: new RegExp(`^${name}, which .* is gone`), cure: /of that name/ }])
  }
  world.aws.set({ relational: { gone: [], networks: { 'ledger-subnets': 'vpc-2' } } })
  t.match(await refused(print), [{ check: 'subnet group', message: /in the network vpc-2, .* was in vpc-1/ }])
  world.aws.set({ relational: { networks: {}, clusters: 1 } })
  t.match(await refused(print), [{ check: 'quota of clusters', message: /no room for another: 1 of 1 clusters/ }])
  world.aws.set({ relational: { clusters: 40, instances: 5 } })
  t.match(await refused(print), [{ check: 'quota of instances', message: /no room for 3 more: 3 of 5 instances/ }])
  world.aws.set({ relational: { instances: 40 }, denied: [{ action: 'rds:AddTagsToResource' }] })
  t.match(await refused(print), [{ check: 'rights at AWS', message: /rds:AddTagsToResource is missing/ }])
  world.aws.set({ denied: [] })
  t.strictSame(asked(/^(?!Describe)/), [])
  t.match(await failureOf(open('restore-no').checkDrop(await memoryJournal())), { why: /do not all use the restored/ })
})

t.test('a cluster that a release uses is not removed', async (t) => {
  const destination = open('restore-used')
  const journal = await memoryJournal()
  await destination.load(journal)
  const former = destination.describe()
  const later = { ...world.context('restore-used', { choice: print }), former }
  const pointed = world.settings.map((one) => ({
    ...one,
    contactPoints: one.contactPoints.replace('127.0.0.1', '127.0.0.2'),
  }))
  t.match(await failureOf(aurora.openUndo(pointed, entry, later).discard(await memoryJournal())), {
    why: 'a release uses it',
  })
  await destination.discard(journal)
})
