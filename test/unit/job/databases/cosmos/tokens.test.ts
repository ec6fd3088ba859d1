import { writeFile } from 'node:fs/promises'
import t from 'tap'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { cosmos } from '../../../../../job/databases/cosmos/cosmos.ts'
import { partsOf } from '../../../../../job/databases/cosmos/account/account.ts'
import { serviceAccountToken } from '../../../../stand-ins/azure/identity/tokens.ts'
import { until } from '../../../stand-ins/azure/clients.ts'
import { failureOf } from '../../failure-of.ts'
import { memoryJournal } from '../database-conformance.ts'
import { backedUp, openWorld, toldOf } from './account-world.ts'

// A restore takes longer than a token is good.

const world = await openWorld(t)
const { azure } = world
let entry: DatabaseBackup
t.before(async () => void (entry = await backedUp(world)))

const open = (operation: string) =>
  cosmos.openRestore(world.settings, entry, world.context(operation, { choice: { repoint: 'print' } }))
const tokens = () => azure.calls().filter(({ action }) => action === 'token')
const polls = () => azure.calls().filter(({ action }) => action.endsWith('/operationsStatus/read'))

t.test('tokens end while Azure makes the account: others are had, each before the former is over', async (t) => {
  const before = await toldOf(world, world.name)
  azure.set({ phases: { restore: 'held' }, tokenLifetimeMs: 20_000 })
  azure.forgetCalls()
  const destination = open('restore-long')
  const journal = await memoryJournal()
  await Promise.all([
    destination.load(journal),
    until('it is asked for several times', async () => polls().length > 3).then(() =>
      azure.set({ phases: { restore: 100 }, tokenLifetimeMs: 3_600_000 }),
    ),
  ])
  t.ok(tokens().length > 3)
  t.strictSame(
    azure.calls().filter(({ status }) => status === 401),
    [],
    'none was used that was over',
  )
  t.strictSame(await toldOf(world, partsOf(String(destination.describe().details['account'])).name), before)
  await destination.discard(journal)
})

t.test('a token that Azure takes for over before its time is exchanged again, from the file of then', async (t) => {
  azure.set({ phases: { restore: 'held' } })
  azure.forgetCalls()
  const destination = open('restore-skewed')
  const journal = await memoryJournal()
  const loading = destination.load(journal)
  await until('it is asked for', async () => polls().length > 0)
  const known = tokens().length
  // The kubelet has renewed it meanwhile.
  await writeFile(world.tokenFilePath, serviceAccountToken('shop', 'worker'))
  azure.set({ faults: [{ action: '*/operationsStatus/read', effect: 'expired', times: 2 }] })
  await until('both were told to be over', async () => polls().filter(({ status }) => status === 401).length === 2)
  azure.set({ phases: { restore: 100 }, faults: [] })
  await loading
  t.equal(tokens().length, known + 2, 'once for each')
  t.equal((await world.accounts()).length, 2)
  await destination.discard(journal)
})

t.test('an identity that Azure knows no more ends it at once, with the cure', async (t) => {
  const destination = open('restore-revoked')
  const journal = await memoryJournal()
  azure.set({
    faults: [
      {
        action: '*/databaseAccounts/write',
        effect: 'error',
        error: { status: 401, code: 'InvalidAuthenticationToken', message: 'The access token is invalid.' },
      },
    ],
  })
  t.match(await failureOf(destination.load(journal)), {
    why: /does not accept the identity's token/,
    next: /tenant of the identity/,
  })
  azure.set({ faults: [] })
  await destination.discard(journal)
  t.strictSame(await world.accounts(), ['ledger'])
})
