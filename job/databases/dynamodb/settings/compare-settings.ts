import { isDeepStrictEqual } from 'node:util'
import type { TableSettings } from './table-settings.ts'

/** A setting that a restored table does not have as it should. */
export interface Difference {
  /** for people: `timeToLive`, `globalIndexes by-owner` */
  setting: string
  expected: unknown
  found: unknown
}

/** How many days back DynamoDB goes unless told otherwise. */
const longestPeriodDays = 35

/**
 * Compares the settings of a table field by field with what they should be. Throughput that autoscaling moves between
 * its limits is right anywhere within them; what could not be read on either side is left out, and named in `unread`.
 */
export function compareSettings(expected: TableSettings, found: TableSettings): Difference[] {
  const unknown = new Set([...expected.unread, ...found.unread].map(({ setting }) => setting))
  const [wanted, seen] = [comparable(expected, expected), comparable(found, expected)]
  return [...new Set([...wanted.keys(), ...seen.keys()])]
    .filter(
      (setting) =>
        !unknown.has(setting.split(' ')[0] ?? setting) && !isDeepStrictEqual(wanted.get(setting), seen.get(setting)),
    )
    .map((setting) => ({ setting, expected: wanted.get(setting), found: seen.get(setting) }))
}

/** A difference on one line. */
export function differenceLine({ setting, expected, found }: Difference): string {
  return `${setting}: ${text(found)} instead of ${text(expected)}`
}

function text(value: unknown): string {
  return value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value)
}

/** Every setting under its own name, in a form in which equal means the same to DynamoDB. */
function comparable(settings: TableSettings, expected: TableSettings): Map<string, unknown> {
  const {
    globalIndexes,
    localIndexes,
    autoscaling,
    replicas: _replicas,
    unread: _unread,
    throughput,
    onDemandLimit,
    pointInTimeRecovery,
    resourcePolicy,
    attributes,
    ...plain
  } = settings
  const entries: [string, unknown][] = [
    ...Object.entries(plain),
    ['attributes', new Map(attributes.map(({ name, type }) => [name, type]))],
    ['throughput', withoutScaled(throughput, undefined, expected)],
    ['onDemandLimit', limit(onDemandLimit)],
    [
      'pointInTimeRecovery',
      pointInTimeRecovery === undefined ? undefined : (pointInTimeRecovery.periodDays ?? longestPeriodDays),
    ],
    ['resourcePolicy', resourcePolicy === undefined ? undefined : JSON.parse(resourcePolicy)],
    ...globalIndexes.map(
      ({
        name,
        throughput: units,
        onDemandLimit: most,
        contributorInsights: _insights,
        ...index
      }): [string, unknown] => [
        `globalIndexes ${name}`,
        { ...index, throughput: withoutScaled(units, name, expected), onDemandLimit: limit(most) },
      ],
    ),
    ...globalIndexes.map(({ name, contributorInsights }): [string, unknown] => [
      `contributorInsights ${name}`,
      contributorInsights,
    ]),
    ...localIndexes.map(({ name, ...index }): [string, unknown] => [`localIndexes ${name}`, index]),
    ...autoscaling.map(({ index, dimension, roleArn: _serviceLinked, ...target }): [string, unknown] => [
      `autoscaling ${dimension}${index === undefined ? '' : ` of ${index}`}`,
      target,
    ]),
  ]
  return new Map(entries)
}

/** -1 says that there is no limit, and so does nothing. */
function limit(of: TableSettings['onDemandLimit']): unknown {
  const { maxReadUnits = -1, maxWriteUnits = -1 } = of ?? {}
  return maxReadUnits < 0 && maxWriteUnits < 0 ? undefined : { maxReadUnits, maxWriteUnits }
}

/** What autoscaling sets by itself is not compared. */
function withoutScaled(
  units: TableSettings['throughput'],
  index: string | undefined,
  { autoscaling }: TableSettings,
): unknown {
  if (units === undefined) return undefined
  const scaled = (what: string) =>
    autoscaling.some((target) => target.index === index && target.dimension.includes(what))
  return {
    readUnits: scaled('ReadCapacity') ? 'scaled' : units.readUnits,
    writeUnits: scaled('WriteCapacity') ? 'scaled' : units.writeUnits,
  }
}
