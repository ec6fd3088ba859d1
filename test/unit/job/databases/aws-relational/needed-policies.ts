// Room: what is tried of instances of RDS and clusters of Aurora alike.
// Read needed-policies.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Test } from 'tap'
import type { DatabaseKind } from '../../../../../job/databases/database.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import type { Aws } from '../../../../stand-ins/aws/aws.ts'
import { failureOf } from '../../failure-of.ts'
import { memoryJournal, noErrors, type TrialContext } from '../database-conformance.ts'

/** One instance or cluster, `ledger`, that is backed up and restored. */
interface World {
  aws: Aws
  settings: StorageSettings[]
  context(operation: string, more?: Partial<TrialContext>): TrialContext
}

/** A kind, and a world of it. */
interface Tried<W extends World> {
  kind: DatabaseKind
  open(t: Test): Promise<W>
  backedUp(world: W): Promise<DatabaseBackup>
  /** names of all that there are */
  present(world: W): Promise<string[]>
  /** with which a preflight looks for what a restore will need */
  looksBy: string
}

const policies = resolve(import.meta.dirname, '../../../../../docs/platforms/policies')

/** The actions that a policy allows. */
function allowed(file: string): string[] {
  const { Statement } = JSON.parse(readFileSync(resolve(policies, file), 'utf8')) as {
    Statement: { Effect: string; Action: string | string[] }[]
  }
  return Statement.flatMap(({ Effect, Action }) => (Effect === 'Allow' ? [Action].flat() : [])).sort()
}

/** The policies of a kind are what its calls need: no less, and no more. */
export function needsItsPolicies<W extends World>(t: Test, { kind, open, backedUp, present, looksBy }: Tried<W>): void {
  const [toBackUp, toRestore] = [allowed(`${kind.name}-backup.json`), allowed(`${kind.name}-restore.json`)]

  t.test('a backup, a restore and its undo get by with these policies, and use all of them', async (t) => {
    const world = await open(t)
    const made = () => [...new Set(world.aws.calls().map(({ operation }) => `rds:${operation}`))].sort()
    world.aws.forgetCalls()
    const entry = await backedUp(world)
    t.strictSame(
      made().filter((action) => action !== looksBy),
      toBackUp,
    )
    const context = world.context('restore-a', { choice: { repoint: 'print' } })
    const destination = kind.openRestore(world.settings, entry, context)
    noErrors(t, await destination.preflight())
    const journal = await memoryJournal()
    await destination.load(journal)
    t.strictSame(destination.describe().details['differences'], [])
    await destination.discard(journal)
    await destination.close()
    // Rights that no call is named after: tags of a restore, and roles that are given.
    const besides = ['iam:PassRole', 'rds:AddTagsToResource']
    t.strictSame([...made(), ...besides].sort(), [...toBackUp, ...toRestore].sort())
  })

  t.test('each right of a restore is missed by its name where it is not there', async (t) => {
    const world = await open(t)
    const entry = await backedUp(world)
    // Those that only look have a preflight say that they are missing.
    for (const action of toRestore.filter((one) => !/^rds:(DeleteDB(Instance|Cluster)$|Describe)/.test(one))) {
      world.aws.set({ denied: [{ action }] })
      const context = world.context(`restore-${action.replace(':', '-')}`, { choice: { repoint: 'print' } })
      const destination = kind.openRestore(world.settings, entry, context)
      const journal = await memoryJournal()
      t.match(await failureOf(destination.load(journal)), { why: new RegExp(action) }, action)
      world.aws.set({ denied: [] })
      await destination.discard(journal)
      await destination.close()
    }
    t.strictSame(await present(world), ['ledger'])
  })
}
