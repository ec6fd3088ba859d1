import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ApiException } from '@kubernetes/client-node'
import { Client } from 'pg'
import t from 'tap'
import { formerSecretName } from '../../../../../operation/names.ts'
import type { OperationRequest } from '../../../../../operation/request.ts'
import { until } from '../../../stand-ins/aws/clients.ts'
import { describe, masterLogin } from '../../../stand-ins/aws/instances.ts'
import {
  backupRequest,
  deleteRequest,
  doctorRequest,
  dropRequest,
  restoreRequest,
  undoRequest,
} from '../cosmos/release-stage.ts'
import { onRds, openRelease, urlOf, urlSecret } from './release-stage.ts'

// A release pointed to a restored instance by the worker, and back, over one backup; its URL is in a Secret.

const stage = await openRelease(t, 'Secret')
const { aws, bank, bankAt, client, cluster, failureIn, host, record, stored } = stage
const former = formerSecretName(urlSecret)
const inService = stage.properties()
const patch = { repoint: 'patch' as const }
const codeOf = async (request: OperationRequest) => (await stage.worker(request)).code
const changes = () => aws.calls().filter(({ operation, status }) => !operation.startsWith('Describe') && status === 200)
const instances = async () =>
  ((await client.describeDBInstances()).DBInstances ?? []).map(({ DBInstanceIdentifier = '' }) => DBInstanceIdentifier)
const policies = resolve(import.meta.dirname, '../../../../../docs/platforms/policies')
const actionsOf = (file: string) =>
  (
    JSON.parse(readFileSync(resolve(policies, file), 'utf8')) as { Statement: { Action: string[] }[] }
  ).Statement.flatMap(({ Action }) => Action)

/** A session of somebody in the instance in service. */
async function login(): Promise<Client> {
  const { host: server, pathname, port } = new URL(stage.urlTo(host).replace('jdbc:', ''))
  const { MasterUsername: user, MasterUserPassword: password } = masterLogin
  const one = new Client({
    host: server.split(':')[0],
    port: Number(port),
    user,
    password,
    database: pathname.slice(1),
  })
  await one.connect()
  return one
}
/** How many others are. */
async function loggedIn(): Promise<number> {
  const one = await login()
  const asked = 'SELECT FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()'
  const { rowCount } = await one.query(asked)
  await one.end()
  return rowCount ?? 0
}
const madeBy = (restore: string) => String(record(restore)?.restore?.databases[0]?.details['instance'])
const hostOf = (restore: string) => String(record(restore)?.restore?.databases[0]?.details['host'])

t.before(async () => {
  await stage.writeSome()
  t.equal(await codeOf(onRds(backupRequest('a'))), 0, failureIn('backup-a'))
  await stage.writeSome()
  await bank.damage()
})

t.test('refused before anything is made or stopped: no right on the Secret, a password in the URL', async (t) => {
  aws.forgetCalls()
  const refused = async (name: string) => {
    const { code, events } = await stage.worker({ ...restoreRequest(name, 'a'), choice: patch })
    t.equal(code, 1)
    t.strictSame(changes(), [])
    return [failureIn(`restore-${name}`), ...events.map(({ message }) => message)].join('\n')
  }
  t.match(await refused('ungranted'), /kubectl scalardl install -n ns --repoint-secret my-ledger-database/)
  for (const name of [urlSecret, former]) stored.granted.set(name, new Set(['get', 'patch']))
  t.match(await refused('unmade'), /scalardl-former\.my-ledger-database cannot be changed.*not there/)
  stored.put(former, {})
  t.equal(await codeOf(onRds(doctorRequest('after'))), 0, failureIn('doctor-after'))
  t.match(
    record('doctor-after')?.findings?.find(({ check }) => check === 'pointing to restored data'),
    {
      message: 'restore --repoint patch may do it',
    },
  )
  aws.forgetCalls()
  stored.put(urlSecret, { [urlOf]: `${stage.urlTo(host)}?password=in-the-url` })
  const said = await refused('password')
  t.match(said, /has a password in it/)
  t.notMatch(said, /in-the-url/)
  stored.put(urlSecret, { [urlOf]: stage.urlTo(host) })
  t.equal(stage.replicas(), 1)
  t.strictSame(await instances(), ['ledger'])
})

t.test('patch: the URL is that of the new instance, and its undo puts back what was there', async (t) => {
  t.equal(await codeOf({ ...restoreRequest('a', 'a'), choice: patch }), 0, failureIn('restore-a'))
  t.match(record('restore-a')?.restore, {
    serving: 'restored',
    databases: [{ state: 'in-service', previous: 'instance ledger', details: { former: { keptIn: former } } }],
  })
  t.equal(stage.properties(), inService)
  t.strictSame(stored.data(urlSecret), { [urlOf]: stage.urlTo(hostOf('restore-a')) })
  t.strictSame((await (await bankAt(hostOf('restore-a'))).check()).problems, [])
  t.equal(stage.replicas(), 1)
  t.strictSame(
    cluster.calls.filter((call) => call.startsWith('scale ')),
    ['scale 0', 'scale 1'],
  )

  t.equal(await codeOf(undoRequest('a', 'a')), 0, failureIn('undo-a'))
  t.match(record('restore-a')?.restore, { serving: 'previous' })
  t.strictSame(stored.data(urlSecret), { [urlOf]: stage.urlTo(host) })
  t.strictSame(stored.data(former), {}, 'what was kept is used up')
  t.strictSame((await instances()).sort(), ['ledger', madeBy('restore-a')].sort(), 'both instances stay')
})

t.test('an undo to an instance that is stopped is refused while the release serves', async (t) => {
  t.equal(await codeOf({ ...restoreRequest('stopped', 'a'), choice: patch }), 0, failureIn('restore-stopped'))
  await client.stopDBInstance({ DBInstanceIdentifier: 'ledger' })
  const scaled = cluster.calls.length
  t.equal(await codeOf(undoRequest('stopped', 'stopped')), 1)
  t.match(failureIn('undo-stopped'), /ledger is stopped/)
  t.notMatch(cluster.calls.slice(scaled).join(), /scale/)
  t.strictSame(stored.data(urlSecret), { [urlOf]: stage.urlTo(hostOf('restore-stopped')) })
  await client.startDBInstance({ DBInstanceIdentifier: 'ledger' })
  t.equal(await codeOf(undoRequest('started', 'stopped')), 0, failureIn('undo-started'))
  t.strictSame(stored.data(urlSecret), { [urlOf]: stage.urlTo(host) })
})

t.test('an undo that fails half-way leaves the release pointed to one instance, and says to which', async (t) => {
  t.equal(await codeOf({ ...restoreRequest('half', 'a'), choice: patch }), 0, failureIn('restore-half'))
  const both = new Set(['get', 'patch'])
  // The URL is put back, and what was kept cannot be forgotten.
  stored.meanwhile = () => {
    stored.meanwhile = undefined
    stored.granted.set(former, new Set(['get']))
  }
  t.equal(await codeOf(undoRequest('half', 'half')), 1)
  t.match(record('restore-half')?.restore, { serving: 'restored' })
  t.strictSame(stored.data(urlSecret), { [urlOf]: stage.urlTo(hostOf('restore-half')) })
  t.equal(stage.replicas(), 1)

  stored.granted.set(former, both)
  t.equal(await codeOf(undoRequest('half-again', 'half')), 0, failureIn('undo-half-again'))
  t.strictSame(stored.data(urlSecret), { [urlOf]: stage.urlTo(host) })
})

t.test('an instance that the release could not log in to is not put in service, and is gone', async (t) => {
  const before = await instances()
  const key = process.env['RELEASE_KEY']
  // Changed since the restore point, as far as the restored instance knows.
  process.env['RELEASE_KEY'] = 'changed-since'
  t.equal(await codeOf({ ...restoreRequest('locked', 'a'), choice: patch }), 1)
  process.env['RELEASE_KEY'] = key
  t.match(failureIn('restore-locked'), /password/)
  t.strictSame(stored.data(urlSecret), { [urlOf]: stage.urlTo(host) })
  t.equal(stage.replicas(), 1)
  t.strictSame(await instances(), before)
})

t.test('a restore that fails at its switch puts back the URL, and its instance is gone', async (t) => {
  const before = await instances()
  const { core } = stored.api
  const change = core.patchNamespacedSecret
  let changed = false
  core.patchNamespacedSecret = async (asked) => {
    const answer = await change.call(core, asked)
    if (asked.name !== urlSecret || asked.dryRun !== undefined || changed) return answer
    changed = true
    throw new ApiException(403, 'Forbidden', JSON.stringify({ kind: 'Status', message: 'somebody took the right' }), {})
  }
  t.equal(await codeOf({ ...restoreRequest('failing', 'a'), choice: patch }), 1)
  core.patchNamespacedSecret = change
  t.equal(changed, true)
  t.match(record('restore-failing'), {
    failure: { why: /repoint-secret|somebody took the right|may not/, next: /serves again/ },
    restore: { serving: 'previous' },
  })
  t.strictSame(stored.data(urlSecret), { [urlOf]: stage.urlTo(host) })
  t.strictSame(stored.data(former), {})
  t.strictSame(await instances(), before)
})

t.test('the former instance is deleted where it is asked for, and nothing needs it', async (t) => {
  t.equal(await codeOf({ ...restoreRequest('b', 'a'), choice: patch }), 0, failureIn('restore-b'))
  const refused = async (name: string) => {
    t.equal(await codeOf(dropRequest(name, 'b')), 1)
    t.ok((await instances()).includes('ledger'))
    return failureIn(`drop-${name}`)
  }
  const scalarPods = cluster.scalarPods
  const [pod] = cluster.pods
  cluster.scalarPods = async () => (pod === undefined ? [] : [pod, { ...pod, release: 'other', app: 'auditor' }])
  t.match(await refused('beside'), /other runs in this namespace/)
  cluster.scalarPods = scalarPods
  t.match(await refused('protected'), /protected from deletion.*--no-deletion-protection/)
  await client.modifyDBInstance({ DBInstanceIdentifier: 'ledger', DeletionProtection: false })
  await until('the change is made', async () => {
    const one = await describe(client, 'ledger')
    return one?.DeletionProtection === false && one.DBInstanceStatus === 'available'
  })
  const session = await login()
  t.match(await refused('busy'), /somebody uses it: keeper in postgres/)
  await session.end()
  await until('nobody is logged in', async () => (await loggedIn()) === 0)
  const pointed = stored.data(urlSecret) ?? {}
  stored.put(urlSecret, { [urlOf]: stage.urlTo(host) })
  t.match(await refused('pointed-back'), /do not all use the restored instance/)
  stored.put(urlSecret, pointed)

  aws.forgetCalls()
  const { code, events } = await stage.worker(dropRequest('b', 'b'))
  t.equal(code, 0, failureIn('drop-b'))
  const allowed = ['rds-backup.json', 'rds-drop.json'].flatMap(actionsOf)
  t.strictSame(
    aws.calls().filter(({ operation }) => !allowed.includes(`rds:${operation}`)),
    [],
    'nothing outside of the policies is called',
  )
  t.notOk((await instances()).includes('ledger'))
  const snapshot = `final-${madeBy('restore-b')}`
  t.match((await client.describeDBSnapshots({ DBSnapshotIdentifier: snapshot })).DBSnapshots, [
    { DBInstanceIdentifier: 'ledger' },
  ])
  t.match(events.map(({ message }) => message).join('\n'), new RegExp(`kept in the snapshot ${snapshot}`))
  t.strictSame(stored.data(former), {})
  t.strictSame(stored.data(urlSecret), pointed)
  t.equal(await codeOf(undoRequest('late', 'b')), 1)
})

t.test('a backup of an instance that was deleted so is restored by what is kept of it', async (t) => {
  t.equal(
    await codeOf({ ...restoreRequest('retained', 'a'), choice: { repoint: 'print' } }),
    0,
    failureIn('restore-retained'),
  )
  t.strictSame((await (await bankAt(hostOf('restore-retained'))).check()).problems, [])
  t.equal(await codeOf(undoRequest('retained', 'retained')), 0, failureIn('undo-retained'))
  t.notOk((await instances()).includes(madeBy('restore-retained')))
  t.equal(await codeOf(deleteRequest('a', 'a')), 0, failureIn('delete-a'))
})
