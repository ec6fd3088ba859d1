import type { Account } from '../accounts/account.ts'
import { Container, containerSettings, newEtag, type Throughput } from '../accounts/container.ts'
import { Database } from '../accounts/database.ts'
import { regionKey } from '../accounts/regions.ts'
import { containerResource, databaseResource } from '../accounts/resource-view.ts'
import { badRequest, partNotFound } from '../service/errors.ts'
import { checkIdle } from './accounts.ts'
import { usDate } from './dates.ts'
import { accountOf, begin, propertiesOf, type ArmHandler, type ArmRequest } from './request.ts'

const type = 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases'

/** An account of which the data can be spoken of. @throws AzureError 404, 412 */
export function readyAccount(request: ArmRequest): Account {
  const account = accountOf(request)
  if (account.state !== 'Updating') checkIdle(account)
  return account
}

/** @throws AzureError 404 */
export function databaseOf(request: ArmRequest): Database {
  const name = request.names[1] ?? ''
  const database = readyAccount(request).database(name)
  if (database === undefined) throw partNotFound(`/dbs/${name}`)
  return database
}

/** @throws AzureError 404 */
export function containerOf(request: ArmRequest): Container {
  const [, database = '', name = ''] = request.names
  const container = databaseOf(request).container(name)
  if (container === undefined) throw partNotFound(`/dbs/${database}/colls/${name}`)
  return container
}

const databaseView = (account: Account, database: Database) => ({
  id: `${account.id}/sqlDatabases/${database.name}`,
  type,
  name: database.name,
  properties: { resource: databaseResource(database) },
})

const containerView = (account: Account, database: Database, container: Container) => ({
  id: `${account.id}/sqlDatabases/${database.name}/containers/${container.name}`,
  type: `${type}/containers`,
  name: container.name,
  properties: {
    resource: { ...containerResource(database, container), backupPolicy: { type: 1 }, computedProperties: [] },
  },
})

/** @throws AzureError 400 */
export function askedThroughput(options: {
  throughput?: number
  autoscaleSettings?: { maxThroughput?: number }
}): Throughput | undefined {
  const { throughput, autoscaleSettings } = options
  if (throughput !== undefined && autoscaleSettings !== undefined)
    throw badRequest('Throughput is either manual or autoscale.')
  if (autoscaleSettings?.maxThroughput !== undefined) {
    const { maxThroughput } = autoscaleSettings
    if (maxThroughput < 1000 || maxThroughput % 1000 !== 0)
      throw badRequest(`The autoscale maximum ${maxThroughput} is not a multiple of 1000.`)
    return { autoscaleMax: maxThroughput }
  }
  if (throughput === undefined) return undefined
  if (throughput < 400 || throughput % 100 !== 0)
    throw badRequest(`The throughput ${throughput} is below 400 or not a multiple of 100.`)
  return { manual: throughput }
}

const optionsOf = (request: ArmRequest) => askedThroughput((propertiesOf(request)['options'] ?? {}) as object)

/** What a writing call describes. @throws AzureError 400 where it is of another name than its address */
export function resourceOf(request: ArmRequest): Record<string, unknown> {
  const resource = (propertiesOf(request)['resource'] ?? {}) as Record<string, unknown>
  if (resource['id'] !== request.names.at(-1)) throw badRequest('The id in the body is not the one in the address.')
  return resource
}

const regionOf = (account: Account) => regionKey(account.writeRegion.name)

const putDatabase: ArmHandler = (request) => {
  const account = readyAccount(request)
  const { id } = resourceOf(request)
  const throughput = optionsOf(request)
  return begin(request, {
    phase: 'writeResource',
    region: regionOf(account),
    finish: () => {
      const known = account.database(String(id))
      const database = known ?? new Database(String(id), request.service.now(), throughput)
      if (known === undefined) account.add(database)
      return databaseView(account, database)
    },
  })
}

const deleteDatabase: ArmHandler = (request) => {
  const account = readyAccount(request)
  const database = databaseOf(request)
  return begin(request, {
    phase: 'writeResource',
    region: regionOf(account),
    finish: () => {
      database.delete(request.service.now())
      return undefined
    },
  })
}

const putContainer: ArmHandler = (request) => {
  const { service } = request
  const account = readyAccount(request)
  const database = databaseOf(request)
  const { id, ...asked } = resourceOf(request)
  const throughput = optionsOf(request)
  if (throughput === undefined && database.throughput.now === undefined && database.container(String(id)) === undefined)
    throw badRequest('The container needs throughput of its own: its database shares none.')
  const settings = containerSettings(asked)
  const known = database.container(String(id))
  if (
    known !== undefined &&
    JSON.stringify(known.current.partitionKey.paths) !== JSON.stringify(settings.partitionKey.paths)
  )
    throw badRequest('The partition key of a container cannot be changed.')
  return begin(request, {
    phase: 'writeResource',
    region: regionOf(account),
    finish: () => {
      const present = database.container(String(id))
      const container = present ?? new Container(String(id), service.now(), settings, throughput)
      if (present === undefined) database.add(container)
      else {
        const rebuilds = JSON.stringify(present.current.indexingPolicy) !== JSON.stringify(settings.indexingPolicy)
        container.replaceSettings(service.now(), settings)
        if (rebuilds) service.buildIndexes(account, container)
      }
      return containerView(account, database, container)
    },
  })
}

const deleteContainer: ArmHandler = (request) => {
  const account = readyAccount(request)
  const container = containerOf(request)
  return begin(request, {
    phase: 'writeResource',
    region: regionOf(account),
    finish: () => {
      container.deletedMs = request.service.now()
      container.etag = newEtag()
      return undefined
    },
  })
}

const backupInformation: ArmHandler = (request) => {
  const { service, body } = request
  const account = readyAccount(request)
  const container = containerOf(request)
  if (!account.isContinuous) throw badRequest('Continuous backup is not enabled on the account.')
  const location = typeof body['location'] === 'string' ? body['location'] : ''
  if (!account.regions.some(({ name }) => regionKey(name) === regionKey(location)))
    throw badRequest(`The account has no location '${location}'.`)
  return begin(request, {
    phase: 'backupInformation',
    region: regionOf(account),
    kind: 'location',
    finish: () => ({
      continuousBackupInformation: { latestRestorableTimestamp: usDate(service.latestRestorableMs(container)) },
    }),
  })
}

/** Databases and containers, by method and type. */
export const sqlHandlers: Record<string, ArmHandler> = {
  'GET databaseaccounts/*/sqldatabases': (request) => {
    const account = readyAccount(request)
    return { status: 200, body: { value: account.databases.map((database) => databaseView(account, database)) } }
  },
  'GET databaseaccounts/*/sqldatabases/*': (request) => ({
    status: 200,
    body: databaseView(accountOf(request), databaseOf(request)),
  }),
  'PUT databaseaccounts/*/sqldatabases/*': putDatabase,
  'DELETE databaseaccounts/*/sqldatabases/*': deleteDatabase,
  'GET databaseaccounts/*/sqldatabases/*/containers': (request) => {
    const database = databaseOf(request)
    const value = database.containers.map((container) => containerView(accountOf(request), database, container))
    return { status: 200, body: { value } }
  },
  'GET databaseaccounts/*/sqldatabases/*/containers/*': (request) => ({
    status: 200,
    body: containerView(accountOf(request), databaseOf(request), containerOf(request)),
  }),
  'PUT databaseaccounts/*/sqldatabases/*/containers/*': putContainer,
  'DELETE databaseaccounts/*/sqldatabases/*/containers/*': deleteContainer,
  'POST databaseaccounts/*/sqldatabases/*/containers/*/retrievecontinuousbackupinformation': backupInformation,
}
