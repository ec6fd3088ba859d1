import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import * as z from 'zod'
import { faultsSchema, type FaultSettings } from './gate/faults.ts'
import { standInProduct, type StandInProduct } from './product.ts'
import { cassandraConnection, type CassandraConnection } from './cassandra/connection.ts'
import { cosmosConnection, type CosmosConnection } from './cosmos/connection.ts'
import { dynamodbConnection, type DynamodbConnection } from './dynamodb/connection.ts'
import { readProperties, storageProperties, type StorageProperties } from './properties.ts'

/** In all three products: LedgerConfig, AuditorConfig, and ScalarDB Cluster's configurations. */
const usualDecommissioningS = 30

const count = (otherwise: number) => z.coerce.number().int().min(0).default(otherwise)

/** Environment of the stand-in; README.md lists the variables. */
const environmentSchema = z.object({
  STAND_IN_PRODUCT: z.string().default('ledger'),
  STAND_IN_PROPERTIES: z.string().optional(),
  STAND_IN_SERVER_VERSION: z.enum(['4', '3', '2']).default('4'),
  STAND_IN_WORKERS: count(3),
  STAND_IN_GAP_MS: count(60),
  STAND_IN_REST_MS: count(20),
  STAND_IN_FILL_MB: count(0),
  STAND_IN_CONTROL_PORT: count(8080),
  STAND_IN_FAULTS: z.string().default('{}'),
})

export interface Pace {
  /** transactions under way at once in this pod; 0: none */
  workers: number
  /** longest time between the steps of one transaction, ms */
  gapMs: number
  /** between two transactions of one worker, ms */
  restMs: number
}

export interface StandInSettings {
  product: StandInProduct
  version: '4' | '3' | '2'
  pace: Pace
  fillBytes: number
  /** gRPC, the last for rpc.Admin */
  ports: readonly number[]
  controlPort: number
  faults: FaultSettings
  storages: StorageProperties | DynamodbConnection | CosmosConnection | CassandraConnection
  tls: { certificate: string; key: string } | undefined
  /** how long the server says NOT_SERVING, and answers on, before it ends; ms */
  decommissioningMs: number
  /** the pod's name, unique among those that write to the same databases */
  instance: string
}

/** @throws Error where a variable or the properties file is not usable. */
export function readSettings(environment: NodeJS.ProcessEnv): StandInSettings {
  const values = environmentSchema.parse(environment)
  const product = standInProduct(values.STAND_IN_PRODUCT)
  const properties = readProperties(readFileSync(values.STAND_IN_PROPERTIES ?? product.properties, 'utf8'), environment)
  const of = (key: string | undefined) => (key === undefined ? undefined : properties.get(key))
  return {
    product,
    version: values.STAND_IN_SERVER_VERSION,
    pace: { workers: values.STAND_IN_WORKERS, gapMs: values.STAND_IN_GAP_MS, restMs: values.STAND_IN_REST_MS },
    fillBytes: values.STAND_IN_FILL_MB * 1_000_000,
    ports: product.ports.map(({ key, port }) => Number(properties.get(key) ?? port)),
    controlPort: values.STAND_IN_CONTROL_PORT,
    faults: faultsSchema.parse(JSON.parse(values.STAND_IN_FAULTS)),
    storages:
      dynamodbConnection(properties) ??
      cosmosConnection(properties) ??
      cassandraConnection(properties) ??
      storageProperties(properties),
    tls:
      of(product.tls.enabled) === 'true'
        ? { certificate: of(product.tls.certificate) ?? '', key: of(product.tls.key) ?? '' }
        : undefined,
    decommissioningMs: Number(of(product.decommissioningKey) ?? usualDecommissioningS) * 1000,
    instance: environment['HOSTNAME'] ?? hostname(),
  }
}
