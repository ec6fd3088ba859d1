import { isDeepStrictEqual } from 'node:util'
import { isDenied } from '../../../azure/azure-failure.ts'
import { changed } from '../../../azure/long-operation.ts'
import { AzureRefusal, type Json } from '../../../azure/resource-manager.ts'
import type { Journal } from '../../../journal/journal.ts'
import { readConfigurations, readSettings } from '../servers/read-settings.ts'
import { partsOf } from '../servers/server.ts'
import type { FlexibleService } from '../service.ts'
import { isPrivate, ownSettings, type ServerSettings } from '../servers/settings.ts'
import { untilReady } from './restore-server.ts'
import type { RestoreWork } from './restore-work.ts'

/** Puts on again what the restore's own call does not take: each looks first what is there. */
export async function completeServer(work: RestoreWork, journal: Journal): Promise<void> {
  const { name } = partsOf(work.target)
  // Whom it lets in comes first.
  await journal.ensure(`firewall of server ${name}`, () => ensureFirewall(work))
  await journal.ensure(`settings of server ${name}`, () => ensureSettings(work))
  await journal.ensure(`administrators of server ${name}`, () => ensureAdministrators(work))
  await journal.ensure(`parameters of server ${name}`, () => ensureParameters(work))
}

async function ensureSettings(work: RestoreWork): Promise<void> {
  const { details, service } = work
  const { sku } = details.settings
  if (!isDeepStrictEqual(ownSettings(service, await untilReady(work)).sku, sku))
    await change(work, 'patch', '', { sku })
  for (const group of service.changeable) await ensureGroup(work, group)
}

/** Sets a group where it is another. */
async function ensureGroup(work: RestoreWork, group: string): Promise<void> {
  const { details, service } = work
  const wanted = changeableOf(service, group, details.settings.groups)
  const present = changeableOf(service, group, ownSettings(service, await untilReady(work)).groups)
  if (isDeepStrictEqual(wanted, present)) return
  const set = () => change(work, 'patch', '', { properties: { [group]: wanted } })
  if (service.mayRefuse.includes(group)) await toldIfRefused(work, group, set)
  else await set()
}

/** Changes what a restore can do without: what the service refuses is told, and the comparison finds it, too. */
async function toldIfRefused({ context }: RestoreWork, what: string, change: () => Promise<void>): Promise<void> {
  try {
    await change()
  } catch (error) {
    if (!(error instanceof AzureRefusal) || isDenied(error)) throw error
    const why = `${error.code}: ${error.message}`
    context.events.say('note', `${what} is not set on the restored server: ${why}`, { level: 'warning' })
  }
}

function changeableOf(
  { fixed }: FlexibleService,
  group: string,
  groups: ServerSettings['groups'],
): Record<string, Json> {
  const leftOut = fixed[group] ?? []
  return Object.fromEntries(Object.entries(groups[group] ?? {}).filter(([name]) => !leftOut.includes(name)))
}

/** The rules are those of the backup and no others, whatever the service made. */
async function ensureFirewall(work: RestoreWork): Promise<void> {
  const { details, service } = work
  if (service.changeable.includes('network')) await ensureGroup(work, 'network')
  if (isPrivate(details.settings)) return
  const wanted = details.settings.firewallRules
  const { firewallRules: present } = await presentSettings(work)
  for (const name of Object.keys(present).filter((one) => wanted[one] === undefined))
    await change(work, 'delete', `/firewallRules/${encodeURIComponent(name)}`)
  for (const [name, range] of Object.entries(wanted)) {
    if (present[name] === range) continue
    const [startIpAddress = '', endIpAddress = ''] = range.split('-')
    const properties = { startIpAddress, endIpAddress }
    await change(work, 'put', `/firewallRules/${encodeURIComponent(name)}`, { properties })
  }
}

async function ensureAdministrators(work: RestoreWork): Promise<void> {
  if (!work.service.knowsEntra(work.details.settings)) return
  const wanted = work.details.settings.administrators
  const { administrators: present } = await presentSettings(work)
  for (const id of Object.keys(present).filter((one) => wanted[one] === undefined))
    await change(work, 'delete', `/administrators/${id}`)
  for (const [id, properties] of Object.entries(wanted))
    if (!isDeepStrictEqual(present[id], properties)) await change(work, 'put', `/administrators/${id}`, { properties })
}

/**
 * The parameters are those of the backup and no others, whatever the service took from its source. Some hold only once
 * the server has been restarted, which it is where one of them was set.
 */
async function ensureParameters(work: RestoreWork): Promise<void> {
  const { arm, details, service, target } = work
  await untilReady(work)
  const { values: present, defaults } = await readConfigurations(arm, target)
  const wanted = details.settings.configurations
  const set = async (name: string, properties: { value: string; source: string }) =>
    await change(work, 'put', `/configurations/${encodeURIComponent(name)}`, { properties })
  for (const name of Object.keys(present).filter((one) => wanted[one] === undefined)) {
    const byDefault = { value: defaults[name] ?? '', source: service.defaultSource }
    await toldIfRefused(work, `parameter ${name}`, () => set(name, byDefault))
  }
  for (const [name, value] of Object.entries(wanted))
    if (present[name] !== value) await set(name, { value, source: 'user-override' })
  if ((await readConfigurations(arm, target)).needRestart) await change(work, 'post', '/restart')
}

async function presentSettings(work: RestoreWork): Promise<ServerSettings> {
  return await readSettings(work.service, work.arm, await untilReady(work))
}

/** One change of the server, when it is ready for it. */
async function change(
  work: RestoreWork,
  method: 'put' | 'post' | 'patch' | 'delete',
  path: string,
  body?: Json,
): Promise<void> {
  await untilReady(work)
  await changed(work.arm, method, `${work.target}${path}`, body)
}
