import type { Account } from '../accounts/account.ts'
import type { Container } from '../accounts/container.ts'
import type { Database } from '../accounts/database.ts'
import { regionKey } from '../accounts/regions.ts'
import { AzureError, badRequest } from '../service/errors.ts'
import { offsetDate, secondsDate } from './dates.ts'
import type { ArmHandler, ArmRequest } from './request.ts'
import { oldestRestorableMs } from './restores.ts'

const type = 'Microsoft.DocumentDB/locations/restorableDatabaseAccounts'

/** Both ways of writing a time are met in answers; an account has one of them. */
const dateOf = (account: Account) =>
  Number.parseInt(account.instanceId[0] ?? '0', 16) % 2 === 0 ? secondsDate : offsetDate

const restorableId = ({ subscription, instanceId }: Account, location: string) =>
  `/subscriptions/${subscription}/providers/Microsoft.DocumentDB/locations/${regionKey(location)}` +
  `/restorableDatabaseAccounts/${instanceId}`

function entry({ service }: ArmRequest, account: Account, location: string): object {
  const date = dateOf(account)
  const deleted = account.deletedMs !== undefined && { deletionTime: date(account.deletedMs) }
  return {
    name: account.instanceId,
    location,
    type,
    id: restorableId(account, location),
    properties: {
      accountName: account.name,
      apiType: 'Sql',
      creationTime: date(account.createdMs),
      // It may be older than the account: the window begins at the later of both.
      oldestRestorableTime: date(oldestRestorableMs(account, service.now())),
      ...deleted,
      restorableLocations:
        service.settings.restorableLocations === 'empty'
          ? []
          : account.regions.map((region) => ({
              locationName: region.name,
              regionalDatabaseAccountInstanceId: region.instanceId,
              creationTime: date(region.createdMs),
              ...deleted,
            })),
    },
  }
}

const restorable = ({ service, subscription }: ArmRequest): Account[] =>
  service.accounts.filter(
    (account) =>
      account.subscription === subscription &&
      account.isContinuous &&
      account.state !== 'Creating' &&
      (account.deletedMs ?? Infinity) > service.now() - account.retentionMs,
  )

const list: ArmHandler = (request) => ({
  status: 200,
  body: { value: restorable(request).map((account) => entry(request, account, account.writeRegion.name)) },
})

const inLocation = (account: Account, location: string) =>
  account.regions.find(({ name }) => regionKey(name) === regionKey(location))

const listByLocation: ArmHandler = (request) => {
  const [location = ''] = request.names
  return {
    status: 200,
    body: {
      value: restorable(request).flatMap((account) => {
        const region = inLocation(account, location)
        return region === undefined ? [] : [entry(request, account, region.name)]
      }),
    },
  }
}

/** @throws AzureError 404 */
function restorableAccount(request: ArmRequest): { account: Account; location: string } {
  const [location = '', instance] = request.names
  const account = restorable(request).find(({ instanceId }) => instanceId === instance)
  const region = account === undefined ? undefined : inLocation(account, location)
  if (account === undefined || region === undefined)
    throw new AzureError(404, 'NotFound', `The restorable account ${instance} was not found in ${location}.`)
  return { account, location: region.name }
}

interface Event {
  ms: number
  operationType: 'Create' | 'Replace' | 'Delete'
}

function event(id: string, { ms, operationType }: Event, owner: { id: string; rid: string }, more: object): object {
  const name = crypto.randomUUID()
  return {
    id: `${id}/${name}`,
    type: `${type}/${id.split('/').at(-1)}`,
    name,
    properties: {
      resource: {
        _rid: owner.rid,
        eventTimestamp: secondsDate(ms),
        ownerId: owner.id,
        ownerResourceId: owner.rid,
        operationType,
        ...more,
      },
    },
  }
}

const databases: ArmHandler = (request) => {
  const { account, location } = restorableAccount(request)
  const id = `${restorableId(account, location)}/restorableSqlDatabases`
  const eventsOf = (database: Database) => {
    const resource = {
      database: { id: database.name, _rid: database.rid, _self: `dbs/${database.rid}/`, _etag: database.etag },
    }
    const made = event(
      id,
      { ms: database.createdMs, operationType: 'Create' },
      { id: database.name, rid: database.rid },
      resource,
    )
    if (database.deletedMs === undefined) return [made]
    const gone: Event = { ms: database.deletedMs, operationType: 'Delete' }
    return [made, event(id, gone, { id: database.name, rid: database.rid }, resource)]
  }
  return { status: 200, body: { value: account.everyDatabase.flatMap(eventsOf) } }
}

const containers: ArmHandler = (request) => {
  const { account, location } = restorableAccount(request)
  const id = `${restorableId(account, location)}/restorableSqlContainers`
  const asked = request.query.get('restorableSqlDatabaseRid')
  const from = Date.parse(request.query.get('startTime') ?? '') || 0
  const until = Date.parse(request.query.get('endTime') ?? '') || Infinity
  const eventsOf = (container: Container): { ms: number; event: object }[] => {
    const owner = { id: container.name, rid: container.rid }
    const states = container.settings.states.map(({ ms, value }, index): { ms: number; event: object } => ({
      ms,
      event: event(id, { ms, operationType: index === 0 ? 'Create' : 'Replace' }, owner, {
        container: { id: container.name, ...value, _rid: container.rid },
      }),
    }))
    if (container.deletedMs === undefined) return states
    const ms = container.deletedMs
    return [
      ...states,
      {
        ms,
        event: event(id, { ms, operationType: 'Delete' }, owner, {
          container: { id: container.name, ...container.current },
        }),
      },
    ]
  }
  const value = account.everyDatabase
    .filter(({ rid }) => asked === null || rid === asked)
    .flatMap((database) => database.everyContainer)
    .flatMap(eventsOf)
    .filter(({ ms }) => ms >= from && ms <= until)
    .map(({ event: each }) => each)
  return { status: 200, body: { value } }
}

const resources: ArmHandler = (request) => {
  const { account, location } = restorableAccount(request)
  const asked = request.query.get('restoreTimestampInUtc')
  const ms = asked === null ? request.service.now() : Date.parse(asked)
  if (Number.isNaN(ms)) throw badRequest(`${asked} is not a time.`)
  const restoreLocation = request.query.get('restoreLocation')
  if (restoreLocation !== null && inLocation(account, restoreLocation) === undefined)
    throw badRequest(`The account ${account.name} has no backup in ${restoreLocation}.`)
  // The whole second counts, as it does for a restore.
  const moment = Math.floor(ms / 1000) * 1000 + 999
  const value = account.everyDatabase
    .filter((database) => database.existedAt(moment))
    .map((database) => ({
      id: `${restorableId(account, location)}/restorableSqlResources/${database.name}`,
      type: `${type}/restorableSqlResources`,
      name: database.name,
      databaseName: database.name,
      collectionNames: database.everyContainer
        .filter((container) => container.existedAt(moment))
        .map(({ name }) => name),
    }))
  return { status: 200, body: { value } }
}

/** What can be restored, by method and type. */
export const restorableHandlers: Record<string, ArmHandler> = {
  'GET restorabledatabaseaccounts': list,
  'GET locations/*/restorabledatabaseaccounts': listByLocation,
  'GET locations/*/restorabledatabaseaccounts/*': (request) => {
    const { account, location } = restorableAccount(request)
    return { status: 200, body: entry(request, account, location) }
  },
  'GET locations/*/restorabledatabaseaccounts/*/restorablesqldatabases': databases,
  'GET locations/*/restorabledatabaseaccounts/*/restorablesqlcontainers': containers,
  'GET locations/*/restorabledatabaseaccounts/*/restorablesqlresources': resources,
}
