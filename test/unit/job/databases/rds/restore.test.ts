import type { DBInstance } from '@aws-sdk/client-rds'
import t from 'tap'
import type { RestoreChoice } from '../../../../../operation/restore-options.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { rds } from '../../../../../job/databases/rds/rds.ts'
import { restoreTag } from '../../../../../job/databases/aws-relational/restore/ownership.ts'
import { availableInstance, createInstance, describe, restorable } from '../../../stand-ins/aws/instances.ts'
import { until } from '../../../stand-ins/aws/clients.ts'
import { memoryJournal, noErrors } from '../database-conformance.ts'
import { killedAtEachWrite, neverMeet } from '../restored-beside.ts'
import { failureOf } from '../../failure-of.ts'
import { backedUp, openWorld, toldOf } from './instance-world.ts'

const world = await openWorld(t)
let entry: DatabaseBackup
t.before(async () => void (entry = await backedUp(world)))
const print: RestoreChoice = { repoint: 'print' }

const open = (operation: string, choice: RestoreChoice = print, backup = entry) =>
  rds.openRestore(world.settings, backup, world.context(operation, { choice }))

/** The instance that a restore made, by its own word. */
const madeBy = (destination: ReturnType<typeof open>) => String(destination.describe().details['instance'])
const beside = { open: (operation: string) => open(operation), madeBy, present: () => world.instances() }

t.test('the new instance is like the former in everything that a restore forgets', async (t) => {
  const before = await toldOf(world, world.name)
  world.aws.forgetCalls()
  const destination = open('restore-a')
  noErrors(t, await destination.preflight())
  t.match(
    (await destination.plan()).steps[0],
    /restore the instance ledger as of .* to the new instance ledger-\d{12}-/,
  )
  await destination.load(await memoryJournal())
  const name = madeBy(destination)
  t.match(name, /^ledger-\d{12}-[0-9a-f]{6}$/)
  t.strictSame(await toldOf(world, name), before)
  t.strictSame(destination.describe().details['differences'], [])
  t.strictSame(await toldOf(world, world.name), before, 'the instance in service is untouched')
  const [asked] = world.aws
    .calls()
    .filter(({ operation, tables }) => operation.startsWith('Restore') && tables[0] === name)
  t.match(
    asked?.input,
    { VpcSecurityGroupIds: ['sg-0a', 'sg-0b'], PubliclyAccessible: 'false', RestoreTime: /:\d\d(\.000)?Z$/ },
    'never open to others',
  )
  const lines = (await destination.instructions?.())?.join('\n') ?? ''
  t.match(lines, /contact_points=jdbc:postgresql:\/\/127\.0\.0\.2:\d+\/postgres\n/)
  t.match(lines, /delete-db-instance --region eu-west-1 --db-instance-identifier ledger --final-db-snapshot/)

  const former = destination.describe()
  const undo = rds.openUndo(world.settings, entry, { ...world.context('restore-a', { choice: print }), former })
  await undo.discard(await memoryJournal())
  t.strictSame(await world.instances(), ['ledger'], 'although it was protected from deletion')
  await Promise.all([destination.close(), undo.close()])
})

t.test(
  'a backup of what an earlier restore made can be restored: the tag of that restore is left behind',
  async (t) => {
    const tag = { Key: restoreTag, Value: 'restore-earlier' }
    const settings = Object(entry.details['settings']) as { tags: object[] }
    const again = { ...entry, details: { ...entry.details, settings: { ...settings, tags: [...settings.tags, tag] } } }
    const destination = open('restore-again', print, JSON.parse(JSON.stringify(again)) as DatabaseBackup)
    const journal = await memoryJournal()
    await destination.load(journal)
    const { TagList = [] } = (await describe(world.client, madeBy(destination))) ?? {}
    t.strictSame(
      TagList.filter(({ Key }) => Key === restoreTag),
      [{ ...tag, Value: 'restore-again' }],
    )
    t.strictSame(destination.describe().details['differences'], [])
    await destination.discard(journal)
    t.strictSame(await world.instances(), ['ledger'])
  },
)

t.test('two restores of one backup never meet', (t) => neverMeet(t, beside))

t.test('killed at any write of the journal and run again: the same end, and no second instance', async (t) => {
  const before = await toldOf(world, world.name)
  world.aws.forgetCalls()
  const writes = 7
  await killedAtEachWrite(t, writes, beside, async (made, when) =>
    t.strictSame(await toldOf(world, made), before, when),
  )
  const made = world.aws
    .calls()
    .flatMap(({ operation, tables, status }) => (operation.startsWith('Restore') && status === 200 ? tables : []))
  t.equal(made.length, writes)
  t.equal(new Set(made).size, made.length, 'no instance was asked for twice')
  t.strictSame(await world.instances(), ['ledger'])
})

t.test('lost answers, throttles and failing servers leave one instance', async (t) => {
  world.aws.set({
    faults: [
      { operation: 'RestoreDBInstanceToPointInTime', effect: 'lost-answer', times: 1 },
      { operation: 'ModifyDBInstance', effect: 'lost-answer-500', times: 1 },
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
  t.equal((await world.instances()).length, 2)
  await destination.discard(journal)
  t.strictSame(await world.instances(), ['ledger'])
})

t.test('an instance that others can reach, or that is in other groups, is not handed over', async (t) => {
  const journal = await memoryJournal()
  const destination = open('restore-opened')
  await destination.load(journal)
  const name = madeBy(destination)
  // A look may miss the moments in which it is modifying; all is changed at once.
  const change = async (to: object, isSo: (one: DBInstance) => boolean) => {
    await world.client.modifyDBInstance({ DBInstanceIdentifier: name, ...to })
    await until('it is changed', async () => isSo((await describe(world.client, name)) ?? {}))
    await availableInstance(world.client, name)
  }
  await change(
    { PubliclyAccessible: true, VpcSecurityGroupIds: ['sg-0a', 'sg-all'] },
    (one) => one.PubliclyAccessible === true,
  )
  t.match(await failureOf(destination.load(journal)), {
    what: /not what was backed up/,
    why: /VpcSecurityGroupIds was \["sg-0a","sg-0b"\].*PubliclyAccessible was false, and is true/,
  })
  await change(
    { PubliclyAccessible: false, VpcSecurityGroupIds: ['sg-0a', 'sg-0b'], MultiAZ: false },
    (one) => one.MultiAZ === false,
  )
  await destination.load(journal)
  t.strictSame(destination.describe().details['differences'], ['MultiAZ was true, and is false'])
  await destination.discard(journal)
  t.strictSame(await world.instances(), ['ledger'])
})

t.test('a restore that AWS fails is told, and what it left is removed', async (t) => {
  for (const status of ['incompatible-network', 'stopped']) {
    world.aws.set({ relational: { failRestoresAs: status } })
    const destination = open('restore-failed')
    const journal = await memoryJournal()
    t.match(await failureOf(destination.load(journal)), { why: `it is ${status}` })
    world.aws.set({ relational: { failRestoresAs: undefined } })
    await destination.discard(journal)
    t.strictSame(await world.instances(), ['ledger'])
  }
})

t.test('a quota, a group that is gone, and another network, are told where they show only then', async (t) => {
  world.aws.set({ relational: { gone: ['ledger-parameters'] } })
  t.match(await failureOf(open('restore-group').load(await memoryJournal())), {
    why: /group that the source had is gone.*ledger-parameters/,
  })
  world.aws.set({ relational: { gone: [], instances: 1 } })
  t.match(await failureOf(open('restore-quota').load(await memoryJournal())), { why: /no room for another instance/ })
  world.aws.set({ relational: { instances: 40, networks: { 'ledger-subnets': 'vpc-2' } } })
  t.match(await failureOf(open('restore-network').load(await memoryJournal())), { why: /in different VPCs/ })
  world.aws.set({ relational: { networks: {} } })
  t.strictSame(await world.instances(), ['ledger'])
})

for (const [whose, Tags] of [
  ["somebody else's", []],
  ["another restore's", [{ Key: restoreTag, Value: 'restore-other' }]],
] as const) {
  t.test(`an instance of the name that is ${whose} is never touched`, async (t) => {
    const name = madeBy(open('restore-taken'))
    await createInstance(world.client, name, { Tags: [...Tags] })
    t.match(
      (await open('restore-taken').preflight()).filter(({ outcome }) => outcome === 'error'),
      [{ check: 'instance to be made', message: /not of this restore/ }],
    )
    const journal = await memoryJournal()
    const destination = open('restore-taken')
    t.match(await failureOf(destination.load(journal)), { why: /not of this restore/ })
    await destination.discard(journal)
    t.equal((await describe(world.client, name))?.DBInstanceStatus, 'available')
    await world.client.deleteDBInstance({ DBInstanceIdentifier: name, SkipFinalSnapshot: true })
    await until('it is gone', async () => (await describe(world.client, name)) === undefined)
  })
}

t.test('a restore is refused before anything is touched, with its cause and its cure', async (t) => {
  world.aws.forgetCalls()
  const refused = async (choice: RestoreChoice, more: object = {}) => {
    const destination = rds.openRestore(world.settings, entry, world.context('restore-no', { choice, ...more }))
    return (await destination.preflight()).filter(({ outcome }) => outcome === 'error')
  }
  t.match(await refused({ ...print, at: '2020-01-01T00:00:00Z', unproven: true }), [
    { check: 'recovery window', message: /outside the window of ledger, which is from .* to / },
  ])
  t.match(await refused({ ...print, at: '2020-01-01T00:00:00.500Z' }), [{ check: 'restore point' }])
  // A moment of the window that no pause is known of.
  const later = new Date(Date.parse(entry.snapshotAt ?? '') + 1000)
  await restorable(world.client, world.name, later)
  const between = { ...print, at: later.toISOString() }
  t.match(await refused(between), [{ check: 'restore point', message: /not the moment of a recorded pause/ }])
  t.strictSame(await refused({ ...between, unproven: true }), [])
  t.match(await refused(print, { dropPrevious: true }), [{ check: 'former instance', cure: /--drop-previous/ }])
  const gone = {
    'ledger-parameters': 'parameter group',
    'ledger-options': 'option group',
    'ledger-subnets': 'subnet group',
  }
  for (const [name, check] of Object.entries(gone)) {
    world.aws.set({ relational: { gone: [name] } })
    t.match(await refused(print), [
      { check, message: `${name}, which the instance had, is gone`, cure: /of that name again/ },
    ])
  }
  world.aws.set({ relational: { gone: [], networks: { 'ledger-subnets': 'vpc-2' } } })
  t.match(await refused(print), [{ check: 'subnet group', message: /in the network vpc-2, .* was in vpc-1/ }])
  world.aws.set({ relational: { networks: {}, instances: 1 } })
  t.match(await refused(print), [{ check: 'quota of instances', message: /no room .*1 of 1 instances in eu-west-1/ }])
  world.aws.set({ relational: { instances: 40 }, denied: [{ action: 'rds:Describe*Groups' }] })
  t.strictSame(await refused(print), [], 'what cannot be looked at shows in the restore')
  world.aws.set({ denied: [{ action: 'rds:AddTagsToResource' }] })
  t.match(await refused(print), [{ check: 'rights at AWS', message: /rds:AddTagsToResource is missing/ }])
  world.aws.set({ denied: [] })
  const changes = world.aws
    .calls()
    .filter(({ operation, status }) => !operation.startsWith('Describe') && status === 200)
  t.strictSame(changes, [])
  t.match(await failureOf(open('restore-no').checkDrop(await memoryJournal())), { why: /do not all use the restored/ })
})

t.test('an instance that a release uses is not removed', async (t) => {
  const destination = open('restore-used')
  const journal = await memoryJournal()
  await destination.load(journal)
  const former = destination.describe()
  const later = { ...world.context('restore-used', { choice: print }), former }
  // By the host of its endpoint, or by any other name that leads there.
  for (const host of ['127.0.0.2', '127.2']) {
    const pointed = world.settings.map((one) => ({
      ...one,
      contactPoints: one.contactPoints.replace('127.0.0.1', host),
    }))
    t.match(await failureOf(rds.openUndo(pointed, entry, later).discard(await memoryJournal())), {
      why: 'a release uses it',
    })
  }
  await destination.discard(journal)
  t.strictSame(await world.instances(), ['ledger'])
})
