import { until } from '../end-to-end/stage/gates.ts'
import { passwords, type LedgerStage } from '../end-to-end/stage/ledger-stage.ts'
import { ground, Stage } from '../end-to-end/stage/stage.ts'
import { cassandraRing, firstUser } from '../stand-ins/cassandra/ring-objects.ts'
import { ledgerRelease } from '../stand-ins/ledger/release/objects.ts'
import { cassandra } from '../stand-ins/ledger/release/release-properties.ts'

/** Names the image of test/stand-ins/cassandra-image/image.ts as the cluster has it. */
export const cassandraImageVariable = 'SCALARDL_TEST_CASSANDRA_IMAGE'

/** Statements as somebody with cqlsh would run them: in Python, by the driver that Medusa has. */
const cqlProgram = `
import socket, sys
sys.path.append('/opt/medusa')
from cassandra import ConsistencyLevel
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster, EXEC_PROFILE_DEFAULT, ExecutionProfile
from cassandra.policies import WhiteListRoundRobinPolicy
own = socket.gethostbyname(socket.gethostname())
profile = ExecutionProfile(WhiteListRoundRobinPolicy([own]), consistency_level=ConsistencyLevel.ONE, request_timeout=60)
login = PlainTextAuthProvider('${firstUser.username}', '${firstUser.password}')
cluster = Cluster([own], auth_provider=login, execution_profiles={EXEC_PROFILE_DEFAULT: profile})
session = cluster.connect()
for statement in sys.argv[1:]:
    for row in session.execute(statement):
        print(*row)
cluster.shutdown()
`

const name = 'cassandra'
const nodes = 2
/** Two nodes start one after the other, on a machine that may be busy. */
const wholeMs = 600_000

/** A ring of two real nodes in a namespace of its own, each a pod with Medusa beside it. */
export class RingStage {
  readonly stage: Stage
  readonly pods = Array.from({ length: nodes }, (_, index) => `${name}-${index}`)

  constructor(stage: Stage) {
    this.stage = stage
  }

  /** What a release has for contact points. */
  get contactPoints(): string {
    return `${name}.${this.stage.namespace}.svc.cluster.local`
  }

  nodetool(pod: string, ...args: string[]): Promise<string> {
    return this.stage.kubectl(['exec', pod, '-c', 'cassandra', '--', 'nodetool', ...args])
  }

  /** Runs a command in the container that Medusa is in. */
  beside(pod: string, ...command: string[]): Promise<string> {
    return this.stage.kubectl(['exec', pod, '-c', 'medusa', '--', ...command])
  }

  /** Asks one node, and takes its word alone. @returns what it found, one line a row */
  cql(pod: string, ...statements: string[]): Promise<string> {
    return this.beside(pod, 'python3.11', '-c', cqlProgram, ...statements)
  }

  /**
   * Has a node remember for ten minutes who the first user is, or until it is started anew: else a node that is alone
   * lets nobody in.
   */
  async rememberUser(pod: string): Promise<void> {
    const tenMinutes = ['--validity-period', '600000', '--update-interval', '600000']
    for (const cache of ['CredentialsCache', 'RolesCache'])
      await this.nodetool(pod, 'setauthcacheconfig', '--cache-name', cache, ...tenMinutes)
    await this.cql(pod, 'SELECT key FROM system.local')
  }

  /** Waits until every pod is ready, and every node sees every other as up and normal. */
  async isWhole(): Promise<void> {
    const isWhole = async () => {
      const seen = await Promise.all(this.pods.map((pod) => this.nodetool(pod, 'status').catch(() => '')))
      return seen.every((status) => status.match(/^UN /gm)?.length === nodes)
    }
    await until('the ring is whole', isWhole, wholeMs)
    await this.stage.rolledOut(`statefulset/${name}`)
  }

  async scale(replicas: number): Promise<void> {
    await this.stage.kubectl(['scale', `statefulset/${name}`, `--replicas=${replicas}`])
  }

  /** Ends Cassandra on a node, so that its files may be worked on; its pod stays. */
  async stopNode(pod: string): Promise<void> {
    await this.beside(pod, 'touch', '/var/lib/cassandra/halted')
    await this.nodetool(pod, 'drain')
    await this.stage.kubectl(['exec', pod, '-c', 'cassandra', '--', 'sh', '-c', 'kill 1'])
  }

  async startNode(pod: string): Promise<void> {
    await this.beside(pod, 'rm', '/var/lib/cassandra/halted')
  }

  /** The names of the snapshots on a node that begin so. */
  async snapshotsOn(pod: string, beginning: string): Promise<string[]> {
    const listed = (await this.nodetool(pod, 'listsnapshots')).split('\n').map((line) => line.split(/\s+/)[0] ?? '')
    return [...new Set(listed.filter((tag) => tag.startsWith(beginning)))]
  }
}

/** Brings a ring up, with the user that releases have. */
export async function openRing(namespace: string): Promise<RingStage> {
  const image = process.env[cassandraImageVariable] ?? ''
  if (image === '') throw new Error(`${cassandraImageVariable} is not set: run these tests by npm run test:cassandra`)
  const stage = new Stage(namespace, ground())
  await stage.open()
  await stage.apply(cassandraRing({ name, namespace, image, nodes }))
  const ring = new RingStage(stage)
  await ring.isWhole()
  const [first = ''] = ring.pods
  await ring.cql(
    first,
    `CREATE ROLE IF NOT EXISTS scalar WITH PASSWORD = '${passwords.scalar.replaceAll("'", "''")}' ` +
      'AND LOGIN = true AND SUPERUSER = true',
    // Else nobody is let in once the one node is down that knows who he is.
    `ALTER KEYSPACE system_auth WITH replication = {'class': 'SimpleStrategy', 'replication_factor': ${nodes}}`,
  )
  for (const pod of ring.pods) await ring.nodetool(pod, 'repair', '--full', 'system_auth')
  return ring
}

/** A Ledger release `my` that keeps everything in a ring. */
export async function openLedgerOf(ring: RingStage, namespace: string): Promise<LedgerStage> {
  const stage = new Stage(namespace, ground())
  await stage.open()
  const release = ledgerRelease({
    release: 'my',
    namespace,
    replicas: 2,
    image: stage.images.ledger,
    properties: cassandra(ring.contactPoints, { username: 'HELM_SCALAR_DB_USERNAME', password: 'LEDGER_PASSWORD' }),
    database: { username: 'scalar', password: 'not this one' },
    secret: { name: 'my-database', values: { LEDGER_PASSWORD: passwords.scalar } },
    standIn: { STAND_IN_WORKERS: '2' },
  })
  await stage.apply(release.objects)
  const deployment = `deployment/${release.deployment}`
  await stage.rolledOut(deployment)
  return { stage, release, deployment }
}
