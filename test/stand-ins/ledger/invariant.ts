import { Client } from 'pg'
import { clientSettings } from './databases.ts'
import type { Connection } from './properties.ts'
import { openingBalance } from './schema.ts'

/** What the data of one side says about itself. */
interface Side {
  accounts: number
  sum: number
  /** sum of the amounts of all transfers */
  moved: number
  /** every transfer as `stream number amount`, by `stream number` */
  transfers: Map<string, string>
}

/** Whether the workload's data is one consistent state, and what is wrong if it is not. */
export interface Verdict {
  holds: boolean
  /** for people, one line each; empty when it holds */
  problems: string[]
  details: {
    sumChecking: number
    sumSavings: number
    expectedSum: number
    transfersChecking: number
    transfersSavings: number
    /** the first few transfers that one side has and the other has not */
    missingInChecking: string[]
    missingInSavings: string[]
    /** streams whose numbers have gaps */
    gaps: string[]
    assets: number | undefined
    states: number | undefined
    /** transfers of each stream: what a restored state has to have again, exactly */
    streams: Record<string, number>
  }
}

const shown = 10

async function exists(client: Client, table: string): Promise<boolean> {
  const found = await client.query<{ name: string | null }>('SELECT to_regclass($1)::text AS name', [table])
  return found.rows[0]?.name != null
}

async function readSide(client: Client, namespace: string): Promise<Side | undefined> {
  if (!(await exists(client, `${namespace}.account`)) || !(await exists(client, `${namespace}.transfer`))) return undefined
  const accounts = await client.query<{ count: string; sum: string }>(`SELECT count(*), coalesce(sum(balance), 0) AS sum FROM "${namespace}"."account"`)
  const transfers = await client.query<{ stream: string; number: number; amount: string }>(`SELECT stream, number, amount FROM "${namespace}"."transfer"`)
  return {
    accounts: Number(accounts.rows[0]?.count),
    sum: Number(accounts.rows[0]?.sum),
    moved: transfers.rows.reduce((sum, row) => sum + Number(row.amount), 0),
    transfers: new Map(transfers.rows.map((row) => [`${row.stream} ${row.number}`, `${row.stream} ${row.number} ${row.amount}`])),
  }
}

async function count(clients: Client[], tables: string[]): Promise<number | undefined> {
  for (const client of clients) {
    for (const table of tables) {
      if (!(await exists(client, table))) continue
      const found = await client.query<{ count: string }>(`SELECT count(*) FROM ${table}`)
      return Number(found.rows[0]?.count)
    }
  }
  return undefined
}

function missing(from: Side, of: Side): string[] {
  return [...of.transfers].filter(([key, value]) => from.transfers.get(key) !== value).map(([key]) => key)
}

function byStream(side: Side): Map<string, number[]> {
  const numbers = [...side.transfers.keys()].map((key) => key.split(' '))
  return Map.groupBy(numbers, ([stream = '']) => stream)
    .entries()
    .reduce((map, [stream, entries]) => map.set(stream, entries.map((entry) => Number(entry[1]))), new Map<string, number[]>())
}

/**
 * Reads all the given databases, each in one snapshot of its own taken in the order given, and compares. On databases that
 * are being written to, this therefore fails, as any backup without a pause would.
 * @param connections one database, or the two of a multi-storage set-up
 * @throws Error where a database cannot be reached
 */
export async function checkInvariant(connections: readonly Connection[]): Promise<Verdict> {
  const clients: Client[] = []
  try {
    for (const connection of connections) {
      const client = new Client(clientSettings(connection))
      await client.connect()
      clients.push(client)
    }
    for (const client of clients) {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      // The first query fixes the snapshot.
      await client.query('SELECT 1')
    }
    return await compare(clients)
  } finally {
    await Promise.all(clients.map((client) => client.end()))
  }
}

async function compare(clients: Client[]): Promise<Verdict> {
  const find = async (namespace: string) => {
    for (const client of clients) {
      const side = await readSide(client, namespace)
      if (side !== undefined) return side
    }
    return undefined
  }
  const problems: string[] = []
  const checking = await find('checking')
  const savings = await find('savings')
  if (checking === undefined) problems.push('there are no tables checking.account and checking.transfer')
  if (savings === undefined) problems.push('there are no tables savings.account and savings.transfer')
  const none: Side = { accounts: 0, sum: 0, moved: 0, transfers: new Map() }
  const [a, b] = [checking ?? none, savings ?? none]

  const expectedSum = (a.accounts + b.accounts) * openingBalance
  if (a.sum + b.sum !== expectedSum) problems.push(`the accounts hold ${a.sum} + ${b.sum} = ${a.sum + b.sum}, not ${expectedSum}`)
  if (a.sum !== a.accounts * openingBalance - a.moved) problems.push('the accounts of checking are not what its transfers make of them')
  if (b.sum !== b.accounts * openingBalance + b.moved) problems.push('the accounts of savings are not what its transfers make of them')
  const missingInChecking = missing(a, b)
  const missingInSavings = missing(b, a)
  if (missingInChecking.length > 0) problems.push(`checking lacks ${missingInChecking.length} transfers that savings has`)
  if (missingInSavings.length > 0) problems.push(`savings lacks ${missingInSavings.length} transfers that checking has`)
  const streams = byStream(a)
  const gaps = [...streams].filter(([, numbers]) => numbers.reduce((most, each) => Math.max(most, each), 0) !== numbers.length).map(([stream]) => stream)
  if (gaps.length > 0) problems.push(`the numbers of ${gaps.length} streams have gaps`)
  const assets = await count(clients, ['scalar.asset', 'auditor.asset'])
  if (assets !== undefined && assets !== a.transfers.size) problems.push(`${assets} assets for ${a.transfers.size} transfers`)
  const states = await count(clients, ['coordinator.state'])
  if (states !== undefined && states !== a.transfers.size) problems.push(`${states} transaction states for ${a.transfers.size} transfers`)

  return {
    holds: problems.length === 0,
    problems,
    details: {
      sumChecking: a.sum,
      sumSavings: b.sum,
      expectedSum,
      transfersChecking: a.transfers.size,
      transfersSavings: b.transfers.size,
      missingInChecking: missingInChecking.slice(0, shown),
      missingInSavings: missingInSavings.slice(0, shown),
      gaps: gaps.slice(0, shown),
      assets,
      states,
      streams: Object.fromEntries([...streams].map(([stream, numbers]) => [stream, numbers.length])),
    },
  }
}
