import t from 'tap'
import type { WorkerEvent } from '../../../../../operation/event.ts'
import { backupActions, restoreActions } from '../../../../../job/databases/cosmos/rights-needed.ts'
import { cosmos } from '../../../../../job/databases/cosmos/cosmos.ts'
import { partsOf } from '../../../../../job/databases/cosmos/account/account.ts'
import { jsonLineEvents } from '../../../../../job/process/events.ts'
import { clientId, tenant, until } from '../../../stand-ins/azure/clients.ts'
import { memoryJournal, noErrors } from '../database-conformance.ts'
import { backedUp, openWorld } from './account-world.ts'

// Indexes of restored containers are built after the restore; the data plane alone tells how far they are.

const world = await openWorld(t)
const entry = await backedUp(world)

/** A restore, with what it says. */
function restoring(operation: string) {
  const said: WorkerEvent[] = []
  const events = jsonLineEvents((line) => said.push(JSON.parse(line) as WorkerEvent))
  const context = world.context(operation, { choice: { repoint: 'print' }, events })
  const destination = cosmos.openRestore(world.settings, entry, context)
  const warnings = () => said.flatMap(({ level, message }) => (level === 'warning' ? [message] : []))
  const name = partsOf(String(destination.describe().details['account'])).name
  return { destination, warnings, name }
}

const isIndexLook = ({ plane, path }: { plane: string; path: string }) => plane === 'data' && /colls\/[^/]+$/.test(path)
const isExpiry = ({ method, path }: { method: string; path: string }) =>
  method === 'PUT' && path.endsWith('/containers/asset_metadata')

t.test('a restore waits for them, and only then compares and lets documents expire', async (t) => {
  world.azure.set({ phases: { buildIndexes: 'held' } })
  world.azure.forgetCalls()
  const { destination, warnings, name } = restoring('restore-slow')
  noErrors(t, await destination.preflight())
  const journal = await memoryJournal()
  const loading = destination.load(journal)
  const looks = () => world.azure.calls().filter((call) => isIndexLook(call) && call.account === name)
  const looking = until('the indexes are looked at twice', async () => looks().length > 1)
  await Promise.race([loading, looking])
  t.notOk(world.azure.calls().some(isExpiry), 'nothing expires yet')
  world.azure.set({ phases: { buildIndexes: 0 } })
  await loading
  t.ok(world.azure.calls().some(isExpiry))
  const expired = world.azure.calls().findIndex(isExpiry)
  t.ok(world.azure.calls().findLastIndex(isIndexLook) < expired)
  const containers = new Set(looks().map(({ path }) => path))
  t.equal(containers.size, 4, 'each container was looked at')
  t.strictSame(warnings(), [])
  const keys = new Set(world.azure.calls().flatMap(({ action }) => (/keys/i.test(action) ? [action] : [])))
  t.strictSame([...keys], ['Microsoft.DocumentDB/databaseAccounts/readonlyKeys/action'], 'no key that writes')
  await destination.discard(journal)
})

t.test('an identity that may not read keys restores all the same, and is told', async (t) => {
  const actions = ['Microsoft.Authorization/permissions/read', ...backupActions, ...restoreActions]
  world.azure.set({ identities: { [clientId]: { tenant, roles: [{ actions }] } } })
  const { destination, warnings } = restoring('restore-keyless')
  const findings = await destination.preflight()
  noErrors(t, findings)
  t.match(
    findings.find(({ check }) => check === 'rights at Azure'),
    {
      outcome: 'warning',
      message: /readonlyKeys\/action, so the restore does not see/,
      cure: /docs\/databases\/cosmos/,
    },
  )
  const journal = await memoryJournal()
  await destination.load(journal)
  world.azure.set({ identities: undefined })
  t.match(warnings(), [/indexes may still be built.*may not read keys/])
  t.strictSame(destination.describe().details['differences'], [])
  await destination.discard(journal)
})

t.test('where the firewall keeps the worker out, the restore ends as well', async (t) => {
  world.azure.set({ network: { address: '192.0.2.1' } })
  const { destination, warnings } = restoring('restore-outside')
  const journal = await memoryJournal()
  await destination.load(journal)
  world.azure.set({ network: { address: '203.0.113.7' } })
  t.match(warnings(), [/indexes may still be built.*the endpoint of the account does not tell/])
  await destination.discard(journal)
  t.strictSame(await world.accounts(), ['ledger'])
})
