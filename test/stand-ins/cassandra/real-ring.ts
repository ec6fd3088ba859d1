import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { CommandResult, PodElsewhere, PodsElsewhere } from '../../../job/kubernetes/elsewhere/pods-elsewhere.ts'
import { freePort } from '../free-port.ts'
import { mavenPackages } from '../maven-packages.ts'
import { logSettings, nodeSettings } from './node-settings.ts'
import { javaOptions } from './java-options.ts'
import { medusaCommand } from './real-medusa.ts'

const run = promisify(execFile)
const startMs = 180_000
/** How long a command may take on a machine that is busy with other tests, whatever its caller would wait. */
const mostMs = 300_000

/** The folder of Apache Cassandra and all that it needs, 67 MB. */
export const ensureCassandra = (): Promise<string> => mavenPackages('cassandra', join(import.meta.dirname, 'pom.xml'))

/** One node of a real ring. */
export interface RealNode {
  pod: string
  address: string
  folder: string
  start(): Promise<void>
  /** ends it as a power failure does */
  kill(): Promise<void>
}

export interface RealRing {
  nodes: RealNode[]
  port: number
  podsIn: () => PodsElsewhere
  close(): Promise<void>
}

/**
 * Starts a ring on loopback addresses of its own, one node after the other; about 15 s each.
 * @param jars what ensureCassandra answers
 * @param folder for data and logs
 * @param medusa what ensureMedusa answers; undefined: no pod has Medusa
 * @param enter what the command line of each of its processes begins with
 */
export async function startRing(
  jars: string,
  folder: string,
  count: number,
  medusa?: string,
  enter: readonly string[] = [],
): Promise<RealRing> {
  const net = `127.${randomInt(20, 250)}.${randomInt(1, 250)}`
  const port = 9042
  const nodes: (RealNode & { jmx: number })[] = []
  for (let number = 1; number <= count; number += 1) {
    const own = join(folder, `node-${number}`)
    const place = { address: `${net}.${number}`, seed: `${net}.1`, jmx: await freePort(), port, enter }
    const node = realNode(jars, own, place)
    nodes.push({ ...node, pod: `cassandra-${number}` })
    await node.start()
  }
  return {
    nodes,
    port,
    podsIn: () => podsOf(jars, folder, nodes, { medusa, enter }),
    async close() {
      await Promise.all(nodes.map((node) => node.kill()))
    },
  }
}

interface Place {
  address: string
  seed: string
  jmx: number
  port: number
  enter: readonly string[]
}

function realNode(jars: string, folder: string, place: Place): RealNode & { jmx: number } {
  const { address, seed, jmx, port, enter } = place
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'cassandra.yaml'), nodeSettings({ address, seed, port, folder }))
  writeFileSync(join(folder, 'logback.xml'), logSettings)
  let child: ChildProcess | undefined
  return {
    pod: '',
    address,
    folder,
    jmx,
    async start() {
      const log = openSync(join(folder, 'log'), 'a')
      const [program = '', ...words] = [...enter, 'java']
      child = spawn(
        program,
        [
          ...words,
          ...javaOptions,
          '-Xms128m',
          '-Xmx160m',
          '-XX:MaxDirectMemorySize=64m',
          `-Dcassandra.config=file://${folder}/cassandra.yaml`,
          `-Dlogback.configurationFile=file://${folder}/logback.xml`,
          `-Dcassandra.storagedir=${folder}`,
          '-Dcassandra-foreground=yes',
          `-Dcassandra.jmx.local.port=${jmx}`,
          '-Dcassandra.skip_wait_for_gossip_to_settle=0',
          '-Dcassandra.ring_delay_ms=2000',
          '-Dcassandra.superuser_setup_delay_ms=0',
          '-cp',
          join(jars, '*'),
          'org.apache.cassandra.service.CassandraDaemon',
        ],
        { stdio: ['ignore', log, log] },
      )
      process.once('exit', () => child?.kill('SIGKILL'))
      for (const endsMs = Date.now() + startMs; !(await answers(address, port)); await sleep(200))
        if (child.exitCode !== null || Date.now() > endsMs)
          throw new Error(`Cassandra did not start: ${readFileSync(join(folder, 'log'), 'utf8').slice(-3000)}`)
    },
    async kill() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** The nodes as pods, with the real nodetool of the same version, and with real Medusa where its packages are given. */
function podsOf(
  jars: string,
  folder: string,
  nodes: readonly (RealNode & { jmx: number })[],
  { medusa, enter }: { medusa: string | undefined; enter: readonly string[] },
): PodsElsewhere {
  return {
    namespace: 'real',
    missingRights: async () => [],
    readSecret: async () => new Map<string, string>(),
    list: async (selector) =>
      selector === 'app.kubernetes.io/name=cassandra'
        ? nodes.map(({ pod, address }): PodElsewhere => ({
            name: pod,
            uid: pod,
            ip: address,
            node: 'here',
            labels: {},
            ready: true,
            containers: [{ name: 'cassandra', ports: [{ port: 9042 }] }],
          }))
        : [],
    async run(pod, container, [, ...args], { signal }) {
      const node = nodes.find((one) => one.pod === pod)
      if (node === undefined) throw new Error(`no pod ${pod}`)
      const nodetool = [
        'java',
        ...javaOptions,
        '-Xmx64m',
        `-Dcassandra.storagedir=${folder}`,
        `-Dlogback.configurationFile=file://${nodes[0]?.folder}/logback.xml`,
        '-cp',
        join(jars, '*'),
        'org.apache.cassandra.tools.NodeTool',
        '-h',
        '127.0.0.1',
        '-p',
        String(node.jmx),
      ]
      const its =
        container === 'medusa' && medusa !== undefined ? medusaCommand(medusa, join(folder, 'medusa'), node) : nodetool
      const [program = '', ...words] = [...enter, ...its]
      try {
        const limits = { timeout: mostMs, signal, maxBuffer: 64 << 20 }
        const { stdout, stderr } = await run(program, [...words, ...args], limits)
        return { exitCode: 0, stdout, stderr }
      } catch (error) {
        signal.throwIfAborted()
        return failed(error)
      }
    },
  }
}

/** What a command that ended with another exit code said. @throws what is none */
function failed(error: unknown): CommandResult {
  const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string }
  if (typeof code !== 'number') throw error
  return { exitCode: code, stdout: stdout ?? '', stderr: stderr ?? '' }
}
