import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeStatus } from '../../../job/databases/cassandra/node-control.ts'
import { managementPort, cqlPort, stateFolder } from './objects.ts'
import { startCqlServer } from './cql-server.ts'
import { answerOf, ownTables } from './scripted-cql.ts'
import { startManagementApi } from './scripted-management-api.ts'

// A ring of one scripted node in a pod: CQL and the management API. It keeps its transactions and its snapshots of them
// in files, so that they outlive its process:
//   (nothing)       runs the node
//   commit ID MS    a transaction of that moment, ms since the epoch
//   put-back TAG    what an administrator does: the files of the snapshot, and a start

const live = join(stateFolder, 'transactions.json')
const snapshots = join(stateFolder, 'snapshots')
const tables = ['coordinator.state', 'app.thing']
const hostId = 'ca55a0d4-0000-4000-8000-000000000001'

type Transactions = Record<string, number>
const read = (): Transactions => (existsSync(live) ? (JSON.parse(readFileSync(live, 'utf8')) as Transactions) : {})

async function runNode(address: string): Promise<void> {
  mkdirSync(snapshots, { recursive: true })
  if (!existsSync(live)) writeFileSync(live, '{}')
  const tags = () => readdirSync(snapshots).map((file) => file.replace(/\.json$/, ''))
  const node = { pod: '', hostId, address, tokens: ['0'], snapshots: new Set<string>() }
  const generation = Math.floor(Date.now() / 1000)
  await startCqlServer(
    (query, at) =>
      answerOf(
        { nodes: [{ ...node, generation }], tables, replication: '1', transactions: new Map(Object.entries(read())) },
        query,
        at,
      ),
    undefined,
    [address],
    cqlPort,
  )
  const its = {
    hostId,
    before: () => undefined,
    runs: () => true,
    async take(tag: string) {
      copyFileSync(live, join(snapshots, `${tag}.json`))
      return undefined
    },
    list: () => tags().flatMap((tag) => [...tables, ...ownTables].map((name) => `${tag} ${name.replace('.', ' ')}`)),
    clear(tag: string | undefined) {
      for (const one of tag === undefined ? tags() : [tag]) rmSync(join(snapshots, `${one}.json`), { force: true })
    },
    ring: (): NodeStatus[] => [{ hostId, address, state: 'UN' }],
  }
  await startManagementApi(address, its, () => false, undefined, managementPort)
  process.once('SIGTERM', () => process.exit())
}

const [verb, name = '', at] = process.argv.slice(2)
switch (verb) {
  case 'commit':
    writeFileSync(live, JSON.stringify({ ...read(), [name]: Number(at) }))
    break
  case 'put-back':
    copyFileSync(join(snapshots, `${name}.json`), live)
    process.kill(1, 'SIGTERM')
    break
  default:
    await runNode(process.env['POD_IP'] ?? '')
}
