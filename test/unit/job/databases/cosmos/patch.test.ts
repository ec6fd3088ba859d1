import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import {
  askRights,
  backupActions,
  indexAction,
  repointActions,
  restoreActions,
} from '../../../../../job/databases/cosmos/rights-needed.ts'
import { formerSecretName } from '../../../../../operation/names.ts'
import { clientId, group, subscription, tenant } from '../../../stand-ins/azure/clients.ts'
import {
  backupRequest,
  doctorRequest,
  dropRequest,
  keyOf,
  keySecret,
  openRelease,
  restoreRequest,
  undoRequest,
} from './release-stage.ts'

// A release pointed to a restored account by the worker, and back, over one backup.

const stage = await openRelease(t)
const { azure, client, cluster, stored } = stage
const former = formerSecretName(keySecret)
const inService = stage.properties()
const patch = { repoint: 'patch' as const }
const allActions = [...backupActions, ...restoreActions, ...repointActions, indexAction, askRights]

const failureIn = (operation: string) => JSON.stringify(stage.record(operation)?.failure)
const keyOfAccount = async (name: string) =>
  (await client.databaseAccounts.listKeys(group, name)).primaryMasterKey ?? ''
const identity = (actions: readonly string[]) => ({
  [clientId]: { tenant, roles: [{ scope: `/subscriptions/${subscription}`, actions: [...actions] }] },
})

let formerKey = ''
t.before(async () => {
  t.equal((await stage.worker(backupRequest('a'))).code, 0, failureIn('backup-a'))
  formerKey = await keyOfAccount('ledger')
})

t.test('refused before anything is made or stopped: no right on the Secret, none on keys', async (t) => {
  azure.forgetCalls()
  const refused = async (name: string) => {
    const { code, events } = await stage.worker({ ...restoreRequest(name, 'a'), choice: patch })
    t.equal(code, 1)
    t.strictSame(stage.changes(), [])
    return [failureIn(`restore-${name}`), ...events.map(({ message }) => message)].join('\n')
  }
  const pointing = async (name: string) => {
    t.equal((await stage.worker(doctorRequest(name))).code, 0, failureIn(`doctor-${name}`))
    return stage.record(`doctor-${name}`)?.findings?.find(({ check }) => check === 'pointing to restored data')?.message
  }
  t.match(await pointing('before'), /^by hand.*install -n ns --repoint-secret my-ledger-account/)
  t.match(await refused('ungranted'), /kubectl scalardl install -n ns --repoint-secret my-ledger-account/)
  for (const name of [keySecret, former]) stored.granted.set(name, new Set(['get', 'patch']))
  t.match(await refused('unmade'), /scalardl-former\.my-ledger-account cannot be changed.*not there/)
  stored.put(former, {})
  t.equal(await pointing('after'), 'restore --repoint patch may do it')
  azure.forgetCalls()
  azure.set({ identities: identity(allActions.filter((action) => !/listKeys/.test(action))) })
  t.match(await refused('keyless'), /missing: .*listKeys\/action.*--repoint print/s)
  azure.set({ identities: identity(allActions) })
  t.equal(stage.replicas(), 1)
  t.equal(stage.properties(), inService)
  t.strictSame(await stage.accounts(), ['ledger'])
})

t.test('patch: endpoint and key are those of the new account, and no key is anywhere else', async (t) => {
  azure.forgetCalls()
  const said: unknown[] = []
  const request = { ...restoreRequest('a', 'a'), choice: patch }
  const { code, events } = await stage.worker(request)
  said.push(events)
  t.equal(code, 0, failureIn('restore-a'))
  const restore = stage.record('restore-a')?.restore
  const [database] = restore?.databases ?? []
  const endpoint = String(database?.details['endpoint'])
  const name = String(database?.details['account']).split('/').at(-1) ?? ''
  t.match(restore, {
    serving: 'restored',
    databases: [{ state: 'in-service', previous: 'account ledger', details: { former: { keptIn: former } } }],
  })
  t.equal(stage.properties(), stage.pointingTo(endpoint))
  const restoredKey = await keyOfAccount(name)
  t.strictSame(stored.data(keySecret), { [keyOf]: restoredKey })
  t.not(restoredKey, formerKey)
  t.strictSame((await (await stage.bankAt(endpoint)).check()).problems, [])
  t.equal(stage.replicas(), 1)
  t.strictSame(
    azure.calls().flatMap(({ action, status }) => (status === 403 ? [action] : [])),
    [],
    'nothing outside of the roles is called',
  )

  const undone = await stage.worker(undoRequest('a', 'a'))
  said.push(undone.events)
  t.equal(undone.code, 0, failureIn('undo-a'))
  t.match(stage.record('restore-a')?.restore, { serving: 'previous' })
  t.equal(stage.properties(), inService)
  t.strictSame(stored.data(keySecret), { [keyOf]: formerKey })
  t.strictSame(stored.data(former), {}, 'what was kept is used up')
  t.strictSame(await stage.accounts(), ['ledger', name], 'both accounts stay')

  const left = JSON.stringify([said, [...cluster.recordsByName], [...cluster.journals], [...cluster.texts]])
  for (const key of [formerKey, restoredKey]) {
    t.notOk(left.includes(key), 'no log, record, journal or ConfigMap has a key')
    t.notOk(left.includes(Buffer.from(key).toString('base64')))
  }
})

t.test('a restore that fails at its switch puts back endpoint and key, and its account is gone', async (t) => {
  const accounts = await stage.accounts()
  const change = cluster.changeConfigMapText
  let changes = 0
  cluster.changeConfigMapText = async (...given) => {
    changes += 1
    await change.call(cluster, ...given)
    if (changes === 1) throw new Error('the API server is away')
  }
  t.equal((await stage.worker({ ...restoreRequest('failing', 'a'), choice: patch })).code, 1)
  cluster.changeConfigMapText = change
  t.match(stage.record('restore-failing'), {
    failure: { why: /API server is away/, next: /serves again/ },
    restore: { serving: 'previous' },
  })
  t.equal(stage.properties(), inService)
  t.strictSame(stored.data(keySecret), { [keyOf]: formerKey })
  t.strictSame(stored.data(former), {})
  t.strictSame(await stage.accounts(), accounts)
  t.equal(stage.replicas(), 1)
})

t.test('the former account is deleted where it is asked for, and nothing needs it', async (t) => {
  azure.set({ identities: undefined })
  t.equal((await stage.worker({ ...restoreRequest('b', 'a'), choice: patch })).code, 0, failureIn('restore-b'))
  const refused = async (name: string, more: object = {}) => {
    t.equal((await stage.worker({ ...dropRequest(name, 'b'), ...more })).code === 0, false)
    t.ok((await stage.accounts()).includes('ledger'))
    return failureIn(`drop-${name}`)
  }
  const lose = { loseBackups: ['a'] }
  t.match(await refused('unnamed'), /--lose-backup a/)
  const scalarPods = cluster.scalarPods
  const [pod] = cluster.pods
  cluster.scalarPods = async () => (pod === undefined ? [] : [pod, { ...pod, release: 'other', app: 'auditor' }])
  t.match(await refused('beside', lose), /other runs in this namespace/)
  cluster.scalarPods = scalarPods
  await client.sqlResources.createUpdateSqlDatabase(
    group,
    'ledger',
    'theirs',
    { resource: { id: 'theirs' } },
    { updateIntervalInMs: 10 },
  )
  await client.sqlResources.createUpdateSqlContainer(
    group,
    'ledger',
    'theirs',
    'orders',
    { resource: { id: 'orders', partitionKey: { paths: ['/id'], kind: 'Hash' } }, options: { throughput: 400 } },
    { updateIntervalInMs: 10 },
  )
  t.match(await refused('filled', lose), /knows nothing of: theirs\/orders/)
  await client.sqlResources.deleteSqlDatabase(group, 'ledger', 'theirs', { updateIntervalInMs: 10 })
  const pointed = stage.properties()
  stage.setProperties(inService)
  t.match(await refused('pointed-back', lose), /do not all use the restored account/)
  stage.setProperties(pointed)

  t.equal((await stage.worker({ ...dropRequest('b', 'b'), ...lose })).code, 0, failureIn('drop-b'))
  t.notOk((await stage.accounts()).includes('ledger'))
  t.strictSame(stored.data(former), {})
  t.equal(stage.properties(), pointed)
  t.equal((await stage.worker(undoRequest('late', 'b'))).code, 1)
})

t.test('the role that reads keys is what the worker asks for', (t) => {
  const file = resolve(import.meta.dirname, '../../../../../docs/platforms/policies/cosmos-keys-role.json')
  const role = JSON.parse(readFileSync(file, 'utf8')) as { Actions: string[]; NotActions: string[] }
  t.strictSame(role.Actions, [...repointActions])
  t.strictSame(role.NotActions, [])
  t.end()
})
