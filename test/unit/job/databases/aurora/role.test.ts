import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { aurora } from '../../../../../job/databases/aurora/aurora.ts'
import { failureOf } from '../../failure-of.ts'
import { memoryJournal, noErrors } from '../database-conformance.ts'
import { backedUp, openWorld } from './cluster-world.ts'

const policies = resolve(import.meta.dirname, '../../../../../docs/platforms/policies')
/** The actions that a policy allows. */
const allowed = (file: string) => {
  const { Statement } = JSON.parse(readFileSync(resolve(policies, file), 'utf8')) as {
    Statement: { Effect: string; Action: string | string[] }[]
  }
  return Statement.flatMap(({ Effect, Action }) => (Effect === 'Allow' ? [Action].flat() : [])).sort()
}
const [toBackUp, toRestore] = [allowed('aurora-backup.json'), allowed('aurora-restore.json')]

t.test('a backup, a restore and its undo get by with these policies, and use all of them', async (t) => {
  const world = await openWorld(t)
  const made = () => [...new Set(world.aws.calls().map(({ operation }) => `rds:${operation}`))].sort()
  world.aws.forgetCalls()
  const entry = await backedUp(world)
  // The look for what a restore will need asks for it.
  t.strictSame(
    made().filter((action) => action !== 'rds:RestoreDBClusterToPointInTime'),
    toBackUp,
  )
  const destination = aurora.openRestore(
    world.settings,
    entry,
    world.context('restore-a', { choice: { repoint: 'print' } }),
  )
  noErrors(t, await destination.preflight())
  const journal = await memoryJournal()
  await destination.load(journal)
  t.strictSame(destination.describe().details['differences'], [])
  await destination.discard(journal)
  await destination.close()
  // Rights that no call is named after: tags of a restore, and roles that an instance is given.
  const besides = ['iam:PassRole', 'rds:AddTagsToResource']
  t.strictSame([...made(), ...besides].sort(), [...toBackUp, ...toRestore].sort())
})

t.test('each right of a restore is missed by its name where it is not there', async (t) => {
  const world = await openWorld(t)
  const entry = await backedUp(world)
  // Those that only look have a preflight say that they are missing.
  for (const action of toRestore.filter((one) => !/^rds:(DeleteDB(Instance|Cluster)$|Describe)/.test(one))) {
    world.aws.set({ denied: [{ action }] })
    const context = world.context(`restore-${action.replace(':', '-')}`, { choice: { repoint: 'print' } })
    const destination = aurora.openRestore(world.settings, entry, context)
    const journal = await memoryJournal()
    t.match(await failureOf(destination.load(journal)), { why: new RegExp(action) }, action)
    world.aws.set({ denied: [] })
    await destination.discard(journal)
    await destination.close()
  }
  t.strictSame(await world.clusters(), ['ledger'])
})
