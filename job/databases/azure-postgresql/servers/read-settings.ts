import * as z from 'zod'
import type { ResourceManager } from '../../../azure/resource-manager.ts'
import type { FlexibleServer } from './server.ts'
import { isPrivate, knowsEntra, ownSettings, type ServerSettings } from './settings.ts'

const ruleSchema = z.object({
  name: z.string(),
  properties: z.object({ startIpAddress: z.string(), endIpAddress: z.string() }),
})
const configurationSchema = z.object({
  name: z.string(),
  properties: z.object({
    value: z.string().nullish(),
    source: z.string().optional(),
    isReadOnly: z.boolean().optional(),
    isConfigPendingRestart: z.boolean().optional(),
  }),
})
const administratorSchema = z.object({
  name: z.string(),
  properties: z.object({
    principalType: z.string().default('Unknown'),
    principalName: z.string().default(''),
    tenantId: z.string().default(''),
  }),
})

/** All that can be set of a server, asked for list by list. */
export async function readSettings(arm: ResourceManager, one: FlexibleServer): Promise<ServerSettings> {
  const own = ownSettings(one)
  const [rules, configurations, administrators, replicas] = await Promise.all([
    isPrivate(own) ? [] : arm.list(`${one.id}/firewallRules`),
    readConfigurations(arm, one.id),
    knowsEntra(own) ? arm.list(`${one.id}/administrators`) : [],
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
        return [name, properties]
      }),
    ),
    replicas: replicas.map((replica) => z.object({ name: z.string() }).parse(replica).name).sort(),
  }
}

/** Server parameters that somebody has set, and whether one of them waits for a restart of the server. */
export async function readConfigurations(
  arm: ResourceManager,
  id: string,
): Promise<{ values: Record<string, string>; needRestart: boolean }> {
  const all = (await arm.list(`${id}/configurations`)).map((one) => configurationSchema.parse(one))
  const own = all.filter(({ properties }) => properties.source === 'user-override' && properties.isReadOnly !== true)
  return {
    values: Object.fromEntries(own.map(({ name, properties }) => [name, properties.value ?? ''])),
    needRestart: all.some(({ properties }) => properties.isConfigPendingRestart === true),
  }
}
