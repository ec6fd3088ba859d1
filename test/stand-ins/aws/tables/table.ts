// Room: tables: their phases, their settings and their scaling.
// Read table, table-operations, update-table, describe-table.

import type { KinesisDestination } from './kinesis-destinations.ts'
import type {
  AttributeDefinition,
  BillingMode,
  GlobalSecondaryIndex,
  KeySchemaElement,
  LocalSecondaryIndex,
  OnDemandThroughput,
  ProvisionedThroughput,
  SSESpecification,
  StreamSpecification,
  TableClass,
  Tag,
} from '@aws-sdk/client-dynamodb'
import { randomUUID } from 'node:crypto'
import type { History } from '../items/history.ts'

export type TableStatus = 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING'

export interface Index {
  definition: GlobalSecondaryIndex
  status: TableStatus
}

/** What a backup and a restore carry over; everything else of a table is forgotten by them. */
export interface Carried {
  attributes: AttributeDefinition[]
  keys: KeySchemaElement[]
  locals: LocalSecondaryIndex[]
  globals: Index[]
  billing: BillingMode
  throughput: ProvisionedThroughput | undefined
  onDemand: OnDemandThroughput | undefined
  encryption: SSESpecification | undefined
}

export interface RestoreOrigin {
  sourceTableArn: string
  sourceBackupArn: string | undefined
  /** the moment asked for, ms by the service's clock */
  atMs: number
  inProgress: boolean
}

export interface Table extends Carried {
  id: string
  name: string
  arn: string
  createdMs: number
  status: TableStatus
  /** whether those who look see it */
  appeared: boolean
  class: TableClass | undefined
  protected: boolean
  stream: (StreamSpecification & { label: string }) | undefined
  restore: RestoreOrigin | undefined
  /** whether its backups can be spoken of */
  continuousBackups: boolean
  recovery: { sinceMs: number; days: number } | undefined
  timeToLive: { attribute: string; status: 'ENABLING' | 'ENABLED' | 'DISABLING' } | undefined
  tags: Tag[]
  policy: { text: string; revision: string } | undefined
  /** by index name, '' for the table */
  /** by the ARN of the stream */
  kinesisDestinations: Map<string, KinesisDestination>
  insights: Map<string, { status: string; mode: string | undefined; changedMs: number }>
  /** on-demand backups being made of it */
  backupsUnderWay: number
  history: History
}

/** A table of the given name with nothing set but what is carried over. */
export function newTable(name: string, arn: string, nowMs: number, carried: Carried, history: History): Table {
  return {
    ...carried,
    id: randomUUID(),
    name,
    arn,
    createdMs: nowMs,
    status: 'CREATING',
    appeared: false,
    class: undefined,
    protected: false,
    stream: undefined,
    restore: undefined,
    continuousBackups: false,
    recovery: undefined,
    timeToLive: undefined,
    tags: [],
    policy: undefined,
    kinesisDestinations: new Map(),
    insights: new Map(),
    backupsUnderWay: 0,
    history,
  }
}

/** A copy of what is carried over, with indexes that are there from the beginning. */
export function carriedBy(table: Carried): Carried {
  const { attributes, keys, locals, globals, billing, throughput, onDemand, encryption } = table
  const whole = globals
    .filter((index) => index.status !== 'DELETING')
    .map(({ definition }): Index => ({ definition, status: 'ACTIVE' }))
  return structuredClone({ attributes, keys, locals, globals: whole, billing, throughput, onDemand, encryption })
}

/** Key attributes, the partition key first. */
export const keyNames = (keys: readonly KeySchemaElement[]): string[] =>
  [...keys]
    .sort((a, b) => (a.KeyType === 'HASH' ? 0 : 1) - (b.KeyType === 'HASH' ? 0 : 1))
    .map((key) => key.AttributeName ?? '')

/** How the item storage has to make it; it keeps only attributes that are keys of something. */
export function shapeOf(table: Carried) {
  const globals = table.globals.map(({ definition: { IndexName, KeySchema, Projection } }) => ({
    IndexName,
    KeySchema,
    Projection,
  }))
  const used = new Set(
    [
      ...table.keys,
      ...table.locals.flatMap((index) => index.KeySchema ?? []),
      ...globals.flatMap((index) => index.KeySchema ?? []),
    ].map((key) => key.AttributeName),
  )
  return {
    AttributeDefinitions: table.attributes.filter((attribute) => used.has(attribute.AttributeName)),
    KeySchema: table.keys,
    ...(table.locals.length > 0 && { LocalSecondaryIndexes: table.locals }),
    ...(globals.length > 0 && { GlobalSecondaryIndexes: globals }),
  }
}
