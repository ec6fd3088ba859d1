import { Client } from 'pg'
import { clientSettings } from './databases.ts'
import type { Connection } from '../properties.ts'
import { verdictOf, type Side, type Verdict } from '../data/verdict.ts'

async function exists(client: Client, table: string): Promise<boolean> {
  const found = await client.query<{ name: string | null }>('SELECT to_regclass($1)::text AS name', [table])
  return found.rows[0]?.name != null
}

async function readSide(client: Client, namespace: string): Promise<Side | undefined> {
  if (!(await exists(client, `${namespace}.account`)) || !(await exists(client, `${namespace}.transfer`)))
    return undefined
  const accounts = await client.query<{ count: string; sum: string }>(
    `SELECT count(*), coalesce(sum(balance), 0) AS sum FROM "${namespace}"."account"`,
  )
  const transfers = await client.query<{ stream: string; number: number; amount: string }>(
    `SELECT stream, number, amount FROM "${namespace}"."transfer"`,
  )
  return {
    accounts: Number(accounts.rows[0]?.count),
    sum: Number(accounts.rows[0]?.sum),
    moved: transfers.rows.reduce((sum, row) => sum + Number(row.amount), 0),
    transfers: new Map(
      transfers.rows.map((row) => [`${row.stream} ${row.number}`, `${row.stream} ${row.number} ${row.amount}`]),
    ),
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

/**
 * Reads all the given databases, each in one snapshot of its own taken in the order given, and compares. On databases
 * that are being written to, this therefore fails, as any backup without a pause would.
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
  return verdictOf({
    checking: await find('checking'),
    savings: await find('savings'),
    assets: await count(clients, ['scalar.asset', 'auditor.asset']),
    states: await count(clients, ['coordinator.state']),
  })
}
