import type { Container, Throughput } from '../accounts/container.ts'
import type { Database } from '../accounts/database.ts'
import { regionKey } from '../accounts/regions.ts'
import { badRequest, partNotFound } from '../service/errors.ts'
import { accountOf, begin, propertiesOf, type ArmHandler, type ArmRequest } from './request.ts'
import { askedThroughput, containerOf, databaseOf } from './sql-resources.ts'

type Owner = Database | Container

const view = (path: string, throughput: Throughput) => {
  const autoscale = 'autoscaleMax' in throughput
  return {
    id: path,
    type: 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/throughputSettings',
    name: 'default',
    properties: {
      resource: {
        // Of autoscale it is what is scaled to now: a tenth of the maximum while nothing happens.
        throughput: autoscale ? throughput.autoscaleMax / 10 : throughput.manual,
        minimumThroughput: autoscale ? '1000' : '400',
        ...(autoscale && { autoscaleSettings: { maxThroughput: throughput.autoscaleMax } }),
        offerReplacePending: 'false',
        instantMaximumThroughput: '10000',
        softAllowedMaximumThroughput: '1000000',
      },
    },
  }
}

/** @throws AzureError 404 where the owner has no throughput of its own */
function throughputOf(owner: Owner): Throughput {
  const throughput = owner.throughput.now
  if (throughput === undefined) throw partNotFound(`/offers of ${owner.name}`)
  return throughput
}

const settingsPath = ({ path }: ArmRequest) => path.replace(/\/migrateTo\w+$/i, '')

function set(request: ArmRequest, owner: Owner, throughput: Throughput) {
  return begin(request, {
    phase: 'writeResource',
    region: regionKey(accountOf(request).writeRegion.name),
    finish: () => {
      owner.throughput.set(request.service.now(), throughput)
      return view(settingsPath(request), throughput)
    },
  })
}

const put = (request: ArmRequest, owner: Owner) => {
  const present = throughputOf(owner)
  const asked = askedThroughput((propertiesOf(request)['resource'] ?? {}) as object)
  if (asked === undefined) throw badRequest('No throughput is asked for.')
  if ('autoscaleMax' in asked !== 'autoscaleMax' in present)
    throw badRequest(
      'Manual and autoscale throughput are exchanged by migrateToAutoscale and migrateToManualThroughput.',
    )
  return set(request, owner, asked)
}

const toAutoscale = (request: ArmRequest, owner: Owner) => {
  const present = throughputOf(owner)
  if ('autoscaleMax' in present) throw badRequest('The throughput is autoscale already.')
  return set(request, owner, { autoscaleMax: Math.max(1000, Math.ceil(present.manual / 1000) * 1000) })
}

const toManual = (request: ArmRequest, owner: Owner) => {
  const present = throughputOf(owner)
  if ('manual' in present) throw badRequest('The throughput is manual already.')
  return set(request, owner, { manual: present.autoscaleMax / 10 < 400 ? 400 : present.autoscaleMax / 10 })
}

const handlersBelow = (type: string, ownerOf: (request: ArmRequest) => Owner): Record<string, ArmHandler> => ({
  [`GET ${type}/throughputsettings/*`]: (request) => ({
    status: 200,
    body: view(request.path, throughputOf(ownerOf(request))),
  }),
  [`PUT ${type}/throughputsettings/*`]: (request) => put(request, ownerOf(request)),
  [`POST ${type}/throughputsettings/*/migratetoautoscale`]: (request) => toAutoscale(request, ownerOf(request)),
  [`POST ${type}/throughputsettings/*/migratetomanualthroughput`]: (request) => toManual(request, ownerOf(request)),
})

/** Throughput of databases and of containers, by method and type. */
export const throughputHandlers: Record<string, ArmHandler> = {
  ...handlersBelow('databaseaccounts/*/sqldatabases/*', databaseOf),
  ...handlersBelow('databaseaccounts/*/sqldatabases/*/containers/*', containerOf),
}
