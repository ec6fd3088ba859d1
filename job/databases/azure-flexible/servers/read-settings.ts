import * as z from 'zod'
import type { ResourceManager } from '../../../azure/resource-manager.ts'
import type { FlexibleService } from '../service.ts'
import type { FlexibleServer } from './server.ts'
import { isPrivate, ownSettings, type ServerSettings } from './settings.ts'

const ruleSchema = z.object({
  name: z.string(),
  properties: z.object({ startIpAddress: z.string(), endIpAddress: z.string() }),
})
/** MySQL's service writes "True" and "False" (types of both providers). */
const flagSchema = z.union([z.boolean(), z.string().transform((text) => text.toLowerCase() === 'true')]).optional()
const configurationSchema = z.object({
  name: z.string(),
  properties: z.object({
    value: z.string().nullish(),
    defaultValue: z.string().nullish(),
    source: z.string().optional(),
    isReadOnly: flagSchema,
    isConfigPendingRestart: flagSchema,
  }),
})
const administratorSchema = z.object({ name: z.string(), properties: z.record(z.string(), z.json()) })

/** All that can be set of a server, asked for list by list. */
export async function readSettings(
  service: FlexibleService,
  arm: ResourceManager,
  one: FlexibleServer,
): Promise<ServerSettings> {
  const own = ownSettings(service, one)
  const [rules, configurations, administrators, replicas] = await Promise.all([
    isPrivate(own) ? [] : arm.list(`${one.id}/firewallRules`),
    readConfigurations(arm, one.id),
    service.knowsEntra(own) ? arm.list(`${one.id}/administrators`) : [],
    arm.list(`${one.id}/replicas`),
  ])
  return {
    ...own,
    firewallRules: Object.fromEntries(
      rules.map((rule) => {
        const { name, properties } = ruleSchema.parse(rule)
        return [name, `${properties.startIpAddress}-${properties.endIpAddress}`]
      }),
    ),
    configurations: configurations.values,
    administrators: Object.fromEntries(
      administrators.map((told) => {
        const { name, properties } = administratorSchema.parse(told)
        const known = Object.entries(properties).filter(([key]) => service.administrator.includes(key))
        return [name, Object.fromEntries(known)]
      }),
    ),
    replicas: replicas.map((replica) => z.object({ name: z.string() }).parse(replica).name).sort(),
  }
}

/** Server parameters that somebody has set, with their defaults, and whether one waits for a restart of the server. */
export async function readConfigurations(
  arm: ResourceManager,
  id: string,
): Promise<{ values: Record<string, string>; defaults: Record<string, string>; needRestart: boolean }> {
  const all = (await arm.list(`${id}/configurations`)).map((one) => configurationSchema.parse(one))
  const own = all.filter(({ properties }) => properties.source === 'user-override' && properties.isReadOnly !== true)
  return {
    values: Object.fromEntries(own.map(({ name, properties }) => [name, properties.value ?? ''])),
    defaults: Object.fromEntries(own.map(({ name, properties }) => [name, properties.defaultValue ?? ''])),
    needRestart: all.some(({ properties }) => properties.isConfigPendingRestart === true),
  }
}
