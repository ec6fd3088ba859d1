import { AwsError } from '../service/errors.ts'
import type { Instance } from './instance.ts'
import { needed, settingsIn, text, windowOf, type Asked } from './instances.ts'
import {
  begin,
  freeIdentifier,
  newInstance,
  refuseUnless,
  retainedWindow,
  told,
  type RelationalOperation,
} from './instance-operations.ts'
import type { Parameters } from './query-protocol.ts'

export const restoreOperations: Record<string, RelationalOperation> = {
  /**
   * Class and port are the source's where nothing is said of them; everything else is as for an instance that is made
   * anew (RDS: API reference of this operation, "default security group" and what its parameters say of themselves).
   */
  RestoreDBInstanceToPointInTime(parameters, asked) {
    const { service, servers } = asked
    const { source, window } = sourceOf(parameters, asked)
    const id = freeIdentifier(needed(parameters, 'TargetDBInstanceIdentifier'), asked)
    const atMs = pointOf(parameters, source, window)
    const { engine, engineVersion } = source
    // Refused before anything is there.
    const wanted = settingsIn(parameters, source, service)
    const one = newInstance({ id, engine, engineVersion }, asked)
    const { DBInstanceClass, AllocatedStorage } = source.settings
    const storage = wanted.Iops === undefined ? {} : { StorageType: 'io1' }
    one.settings = { ...one.settings, DBInstanceClass, AllocatedStorage, ...storage, ...wanted }
    Object.assign(one, {
      masterUsername: source.masterUsername,
      dbName: source.dbName,
      encrypted: source.encrypted,
      kmsKey: source.kmsKey,
    })
    begin(one, asked, 'restoreInstance', async () =>
      source.server === undefined ? undefined : await servers?.restore(source.server, atMs),
    )
    return { DBInstance: told(one, asked) }
  },
}

interface Source {
  source: Instance
  window: { earliestMs: number; latestMs: number } | undefined
}

/** @throws AwsError where there is no such past */
function sourceOf(parameters: Parameters, { caller, instances, service }: Asked): Source {
  const [id, resource] = [text(parameters, 'SourceDBInstanceIdentifier'), text(parameters, 'SourceDbiResourceId')]
  if ((id === undefined) === (resource === undefined))
    throw new AwsError('InvalidParameterCombination', 'Specify either the source identifier or its resource id.')
  const live = instances.of(caller).find((one) => one.id === id?.toLowerCase() || one.resourceId === resource)
  if (live !== undefined) {
    refuseUnless(live, ['available', 'backing-up', 'modifying', 'stopped', 'storage-optimization'], 'restored from')
    return { source: live, window: windowOf(live, service) }
  }
  const kept = instances.retainedOf(caller).find(({ instance }) => instance.resourceId === resource)
  if (kept === undefined) throw new AwsError('DBInstanceNotFound', `DBInstance ${id ?? resource} not found.`, 404)
  return { source: kept.instance, window: retainedWindow(kept.instance, kept.untilMs) }
}

/** @throws AwsError PointInTimeRestoreNotEnabled, InvalidParameterValue */
function pointOf(parameters: Parameters, { id }: Instance, window: Source['window']): number {
  if (window === undefined)
    throw new AwsError('PointInTimeRestoreNotEnabled', `Automated backups are not enabled for DB instance ${id}.`)
  const asText = text(parameters, 'RestoreTime')
  if (asText === undefined) return window.latestMs
  const atMs = Date.parse(asText)
  if (!(atMs >= window.earliestMs && atMs <= window.latestMs))
    // The code is assumed; the words are AWS's.
    throw new AwsError(
      'InvalidParameterValue',
      `The specified instance cannot be restored to ${asText}: it is not within its restore window.`,
    )
  return atMs
}
