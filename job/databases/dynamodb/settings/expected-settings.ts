import type * as z from 'zod'
import { renamed } from '../tables/table-names.ts'
import type { TableSettings } from './table-settings.ts'

/** What a restored table is called, and how it is meant to differ from the one that was backed up. */
export interface RestoredAs {
  former: string
  name: string
  /** key that encrypts it in place of the former one */
  kmsKey?: string | undefined
  /** region of the table, where it is another than the former's; what names its region in an ARN follows */
  region?: { former: string; restored: string } | undefined
}

/**
 * The settings that a restored table is to have: those of the backup, with its own name wherever they hold the former
 * one. Replicas are left out, since no restore makes any.
 */
export function expectedSettings(recorded: TableSettings, { former, name, kmsKey, region }: RestoredAs): TableSettings {
  const text = (value: string) => {
    const named = renamed(value, former, name)
    return region === undefined
      ? named
      : named.replaceAll(`:dynamodb:${region.former}:`, `:dynamodb:${region.restored}:`)
  }
  const json = <T extends z.core.util.JSONType>(value: T): T => JSON.parse(text(JSON.stringify(value))) as T
  const { kmsKey: formerKey, resourcePolicy, ...rest } = recorded
  const key = kmsKey ?? formerKey
  return {
    ...rest,
    ...(key === undefined ? {} : { kmsKey: key }),
    ...(resourcePolicy === undefined ? {} : { resourcePolicy: text(resourcePolicy) }),
    globalIndexes: recorded.globalIndexes
      .map((index) => ({ ...index, name: renamed(index.name, former, name) }))
      .sort(byName),
    autoscaling: recorded.autoscaling.map((target) => ({
      ...target,
      ...(target.index === undefined ? {} : { index: renamed(target.index, former, name) }),
      policies: target.policies.map((policy) => ({
        ...policy,
        name: renamed(policy.name, former, name),
        configuration: json(policy.configuration),
      })),
      scheduledActions: target.scheduledActions.map((action) => json(action)),
    })),
    // streams of another region cannot be written to
    kinesisStreams: region === undefined ? recorded.kinesisStreams : [],
    replicas: [],
  }
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1
}
