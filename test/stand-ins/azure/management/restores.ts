import { Account, type AccountIdentity } from '../accounts/account.ts'
import { regionKey } from '../accounts/regions.ts'
import { dataAt } from '../accounts/restored-data.ts'
import { AzureError, badRequest } from '../service/errors.ts'
import type { Service } from '../service/service.ts'
import { askedRegions, askedSettings, newSettings } from './account-settings.ts'
import { secondsDate } from './dates.ts'
import { authorize } from './authorization.ts'

/** What a role has to allow on the source of a restore. */
export const restoreAction = 'Microsoft.DocumentDB/locations/restorableDatabaseAccounts/restore/action'

interface RestoreParameters {
  restoreMode?: string
  restoreSource?: string
  restoreTimestampInUtc?: string
  restoreWithTtlDisabled?: boolean
  sourceBackupLocation?: string
  databasesToRestore?: { databaseName?: string; collectionNames?: string[] }[]
}

/** When the window of an account's backups begins, ms. */
export const oldestRestorableMs = (account: Account, nowMs: number): number => nowMs - account.retentionMs

/** The account, deleted or not, that an id of a restorable account names. @throws AzureError 400 */
function sourceOf(service: Service, id: string): Account {
  const [, location, instance] = /\/locations\/([^/]+)\/restorableDatabaseAccounts\/([^/]+)$/i.exec(id) ?? []
  const source = service.accounts.find((account) => account.instanceId === instance && account.isContinuous)
  if (source === undefined || !source.regions.some(({ name }) => regionKey(name) === regionKey(location ?? '')))
    throw badRequest(`The restore source ${id} does not exist or is not restorable.`)
  return source
}

/** @throws AzureError 400 */
function askedMs(source: Account, asked: string | undefined, nowMs: number): number {
  const ms = Date.parse(asked ?? '')
  if (Number.isNaN(ms)) throw badRequest('restoreTimestampInUtc is missing or not a time.')
  const from = Math.max(source.createdMs, oldestRestorableMs(source, nowMs))
  const until = Math.min(nowMs, source.deletedMs ?? Infinity)
  if (ms < Math.floor(from / 1000) * 1000 || ms > until)
    throw badRequest(
      `The restore timestamp ${secondsDate(ms)} is not between ${secondsDate(from)} and ${secondsDate(until)}.`,
    )
  return ms
}

/**
 * A new account with what another one had at a moment; its data is there once `finish` was called.
 * @throws AzureError 400, 403
 */
export function restoredAccount(
  service: Service,
  identity: AccountIdentity,
  properties: Record<string, unknown>,
  client: string,
): { account: Account; finish: () => void } {
  const parameters = (properties['restoreParameters'] ?? {}) as RestoreParameters
  if (parameters.restoreMode !== 'PointInTime') throw badRequest('restoreMode has to be PointInTime.')
  const source = sourceOf(service, parameters.restoreSource ?? '')
  authorize(service, client, restoreAction, {
    scope: parameters.restoreSource ?? '',
  })
  const nowMs = service.now()
  const asked = askedMs(source, parameters.restoreTimestampInUtc, nowMs)
  const regions = askedRegions(properties['locations'], nowMs)
  const [region] = regions
  if (region === undefined || regions.length > 1) throw badRequest('A restore is into exactly one location.')
  const from = parameters.sourceBackupLocation ?? region.name
  if (!source.regions.some(({ name }) => regionKey(name) === regionKey(from)))
    throw badRequest(`The account ${source.name} has no backup in ${from}; sourceBackupLocation names one that has.`)
  const momentMs = service.momentOf(asked)
  // Decided now: what the backup does not hold yet, the restore does not bring back.
  const reach = new Map(
    source.everyDatabase
      .flatMap((database) => database.everyContainer)
      .map((container) => [container, Math.min(momentMs, service.latestRestorableMs(container))]),
  )
  const only = (parameters.databasesToRestore ?? []).map(({ databaseName = '', collectionNames = [] }) => ({
    databaseName,
    collectionNames,
  }))
  const { consistencyPolicy: _forgotten, ...honoured } = askedSettings(properties)
  const account = new Account(identity, {
    atMs: nowMs,
    settings: newSettings({ ...honoured, backupPolicy: structuredClone(source.settings.backupPolicy) }),
    regions,
    createMode: 'Restore',
    restoreParameters: { ...parameters },
  })
  const shared = source.everyDatabase.filter(
    (database) => database.existedAt(momentMs) && database.throughput.at(momentMs) !== undefined,
  )
  for (const { databaseName, collectionNames } of only)
    if (collectionNames.length > 0 && shared.some(({ name }) => name === databaseName))
      throw badRequest(`The database ${databaseName} shares its throughput: it is restored as a whole.`)
  const finish = () => {
    const { settings } = service
    const data = dataAt(source, {
      momentMs,
      momentOf: (container) => reach.get(container) ?? momentMs,
      atMs: service.now(),
      ttl: parameters.restoreWithTtlDisabled === true ? 'disabled' : 'kept',
      throughput: settings.restoredThroughput,
      only,
    })
    for (const database of data) {
      account.add(database)
      for (const container of database.containers) service.buildIndexes(account, container)
    }
  }
  return { account, finish }
}

/** @throws AzureError 400 for a name that is somebody's */
export function checkNameFree(service: Service, name: string): void {
  if (service.accountByName(name) === undefined && !service.settings.takenNames.includes(name)) return
  throw new AzureError(400, 'BadRequest', `DatabaseAccount name '${name}' already exists.`)
}
