import type { V1PodList } from '@kubernetes/client-node'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Test } from 'tap'
import { matches } from '../../../stand-ins/cloud/glob.ts'
import { toldOf, type Tried } from '../../../unit/job/databases/azure-flexible/server-world.ts'
import { group, subscription } from '../../../unit/stand-ins/azure/clients.ts'
import { describeServer, serverNames } from '../../../unit/stand-ins/azure/flexible-servers.ts'
import { recordOf } from '../records.ts'
import { damage, replicasOf } from '../restore-stage.ts'
import { stopWriters } from '../writers.ts'
import { azureClients, type Role } from './azure-cloud.ts'
import { openFlexibleServerStage, serverInService } from './flexible-server-stage.ts'
import { servesThePoint } from './serves-the-point.ts'

const policies = resolve(import.meta.dirname, '../../../../docs/platforms/policies')

/** The roles of the documentation, each where it says. */
function documentedRoles({ service }: Tried): Role[] {
  const scope = `/subscriptions/${subscription}`
  const role = (of: string, where: string) => {
    const file = resolve(policies, `${service.name}-${of}-role.json`)
    return { scope: where, actions: (JSON.parse(readFileSync(file, 'utf8')) as { Actions: string[] }).Actions }
  }
  return [role('subscription', scope), role('server', `${scope}/resourceGroups/${group}`), role('joined', scope)]
}

/**
 * A Ledger on a flexible server of Azure, pointed to a restored one and back by a worker that has no right but those of
 * the roles in the documentation.
 * @param flags of the backup
 * @param backedUp what its record is to say
 */
export async function servesFromRestoredServer(
  t: Test,
  tried: Tried,
  { flags, backedUp }: { flags: string[]; backedUp: object },
): Promise<void> {
  const { service, path } = tried
  const roles = documentedRoles(tried)
  const at = await openFlexibleServerStage(`${service.name}-restore`, tried, roles)
  const { stage, deployment, cloud } = at
  t.teardown(() => at.close())
  t.setTimeout(600_000)

  /** @throws Error with what the plugin said where it fails; asserts before the first test would end them all */
  const scalardl = (...args: string[]) => stage.succeeds([...args, ...at.flags])

  /** The host in the properties of the release. */
  async function hostInUse(): Promise<string | undefined> {
    const name = `${at.release.deployment}-properties`
    const { data } = await stage.get<{ data: Record<string, string> }>(['configmap', name])
    return /contact_points=jdbc:[a-z]+:\/\/([^:/]+)/.exec(Object.values(data).join('\n'))?.[1]
  }
  const hostOf = async (server: string) =>
    (await describeServer(cloud, server, path))?.properties.fullyQualifiedDomainName
  const settingsOf = async (server: string) => await toldOf(cloud, server, path)

  const settings = await settingsOf(serverInService)
  const host = await hostOf(serverInService)
  await scalardl('backup', 'my', '--managed', service.name, '--name', 'point', ...flags)
  await damage(at)
  await stopWriters(stage, deployment)
  const damaged = await stage.check(deployment)
  let made = ''

  t.test('the backup is a moment amid the writing, and the data was damaged after it', async (t) => {
    const record = await recordOf(stage, 'backup-point')
    t.match(record, { backup: { state: 'restorable', databases: [{ kind: service.name }] } })
    t.match(record, backedUp)
    t.not(damaged.problems.length, 0)
  })

  t.test('a restore makes a server like the former, and points the release to it', async (t) => {
    await scalardl('restore', 'point', '--name', 'new', '--repoint', 'patch', '--yes')
    const { restore } = await recordOf(stage, 'restore-new')
    const [database] = restore?.databases ?? []
    made = String(database?.details['id']).split('/').at(-1) ?? ''
    t.match(restore, { serving: 'restored', databases: [{ previous: `server ${serverInService}` }] })
    t.strictSame(database?.details['differences'], [])
    t.strictSame(await serverNames(cloud, path), [serverInService, made].sort())
    t.strictSame(await settingsOf(made), settings, 'every setting is as it was')
    t.strictSame(await settingsOf(serverInService), settings, 'those of the former are untouched')
    t.equal(await hostInUse(), await hostOf(made))
    t.equal(await replicasOf(at), 2)
    await servesThePoint(t, at, damaged)
  })

  t.test('its undo points the release back to the former, as it was left', async (t) => {
    await scalardl('restore', 'new', '--undo', '--yes')
    t.match((await recordOf(stage, 'restore-new')).restore, { serving: 'previous' })
    t.equal(await hostInUse(), host)
    t.strictSame(await stage.check(deployment), damaged, 'the former data serves')
    t.equal(await replicasOf(at), 2)
  })

  t.test('the worker came by its own projected token, and did nothing outside of the roles', async (t) => {
    const calls = (await cloud.calls()).filter(({ client }) => client === azureClients.worker)
    const tokens = calls.filter(({ plane }) => plane === 'identity')
    t.ok(tokens.length > 0)
    t.strictSame([...new Set(tokens.map(({ status }) => status))], [200])
    // Whoever has any role may list the subscriptions that it is in.
    const allowed = [...roles.flatMap(({ actions }) => actions), 'Microsoft.Resources/subscriptions/read']
    const managing = calls.filter(({ plane }) => plane === 'management')
    t.ok(managing.some(({ action }) => action === `${service.type}/write`))
    const outside = managing.filter(
      ({ action, status }) => status === 403 || !allowed.some((pattern) => matches(pattern, action)),
    )
    t.strictSame(
      outside.map(({ action }) => action),
      [],
    )
    const { items } = await stage.get<V1PodList>(['pods', '-l', 'kubectl-scalardl.dev/role=worker'])
    t.ok(items.length > 0)
    for (const { metadata } of items) t.equal(metadata?.labels?.['azure.workload.identity/use'], 'true')
  })
}
