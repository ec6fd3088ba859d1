import { CosmosClient } from '@azure/cosmos'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { mutate } from '../account-world.ts'

// What ScalarDB's schema loader does with --repair-all in an account of Cosmos DB, by its own command line: containers
// without the procedure get it, the others stay as they are (scalar-labs/scalardb, CosmosAdmin.repairTable).

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: '' },
    'schema-file': { type: 'string', default: '' },
    'repair-all': { type: 'boolean', default: false },
    coordinator: { type: 'boolean', default: false },
  },
})
const told = process.env['LOADER_TOLD'] ?? ''
const properties = Object.fromEntries(
  // What the pod has there is in the folder of this container.
  readFileSync(join(dirname(process.env['SCALARDL_ARTEFACTS'] ?? ''), basename(values.config)), 'utf8')
    .trim()
    .split('\n')
    .map((line) => /^([^=]+)=(.*)$/.exec(line)?.slice(1) ?? []),
) as Record<string, string>
const { 'scalar.db.password': key = '', ...open } = properties
const endpoint = open['scalar.db.contact_points'] ?? ''
appendFileSync(told, `${JSON.stringify({ ...values, properties: open })}\n`)
process.stdout.write(`logging in with ${key}\n`)
if (existsSync(`${told}.slow`)) await sleep(300_000)
if (existsSync(`${told}.fails`)) process.exit(3)

const client = new CosmosClient({ endpoint, key, connectionPolicy: { enableEndpointDiscovery: false } })
const { resources: databases } = await client.databases.readAll().fetchAll()
for (const { id: database } of databases) {
  const { resources: containers } = await client.database(database).containers.readAll().fetchAll()
  for (const { id } of containers) {
    const { storedProcedures } = client.database(database).container(id).scripts
    const { resources: known } = await storedProcedures.readAll().fetchAll()
    if (known.length === 0) await storedProcedures.create({ id: 'mutate.js', body: mutate })
  }
}
client.dispose()
