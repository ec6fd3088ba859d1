import { labels, type Role } from '../../../operation/names.ts'
import { until } from './gates.ts'
import type { Stage } from './stage.ts'

interface Pod {
  metadata: { name: string; uid: string }
  spec: { nodeName?: string }
  status: { phase: string }
}

/**
 * Finds the processes of a pod by their control group, and ends them all but the pod's own first one, which holds its
 * sandbox.
 */
const script = `
const fs = require('node:fs')
const uid = process.argv[1]
let killed = 0
for (const pid of fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
  try {
    const group = fs.readFileSync('/proc/' + pid + '/cgroup', 'utf8').replaceAll('_', '-')
    if (!group.includes(uid) || fs.readFileSync('/proc/' + pid + '/comm', 'utf8').trim() === 'pause') continue
    process.kill(Number(pid), 'SIGKILL')
    killed += 1
  } catch {}
}
console.log(killed)
`

/** Ends workers as a crash of theirs would: by SIGKILL, from outside of their containers. */
export class Killer {
  readonly #stage: Stage
  /** the pod that kills, by node */
  #killers = new Map<string | undefined, string>()

  constructor(stage: Stage) {
    this.#stage = stage
  }

  /** Brings a pod that sees all processes of its node to every node. */
  async open(): Promise<void> {
    const app = { app: 'killer' }
    const container = {
      name: 'killer',
      image: this.#stage.images.ledger,
      command: ['node', '-e', 'setInterval(() => undefined, 60000)'],
      securityContext: { runAsUser: 0, privileged: true },
    }
    await this.#stage.apply([
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'killer' },
        spec: {
          selector: { matchLabels: app },
          template: {
            metadata: { labels: app },
            spec: { hostPID: true, terminationGracePeriodSeconds: 1, containers: [container] },
          },
        },
      },
    ])
    await this.#stage.rolledOut('daemonset/killer')
    const killers = await this.#pods('app=killer')
    this.#killers = new Map(killers.map(({ metadata, spec }) => [spec.nodeName, metadata.name]))
  }

  /**
   * Kills the running worker of an operation, or its guard.
   * @throws Error where there is none
   */
  async kill(operation: string, role: Role = 'worker'): Promise<void> {
    const kill = await this.aim(operation, role)
    await kill()
  }

  /**
   * Looks for the running worker of an operation, or its guard, so that the kill comes soon after the moment that a
   * test waits for.
   * @returns what kills it
   * @throws Error where there is none
   */
  async aim(operation: string, role: Role = 'worker'): Promise<() => Promise<void>> {
    const { metadata, spec } = await this.#running(operation, role)
    const killer = this.#killers.get(spec.nodeName) ?? ''
    return async () => {
      const killed = await this.#stage.kubectl(['exec', killer, '--', 'node', '-e', script, metadata.uid])
      if (Number(killed) === 0) throw new Error(`${metadata.name} had no process to kill`)
    }
  }

  /** What a worker does is seen in its record before its kubelet has said that it runs. */
  async #running(operation: string, role: Role): Promise<Pod> {
    const found: Pod[] = []
    await until(`the ${role} of ${operation} runs`, async () => {
      found.push(...(await this.#pods(`${labels.operation}=${operation},${labels.role}=${role}`)))
      return found.length > 0
    })
    const [pod] = found
    if (pod === undefined) throw new Error(`no ${role} of ${operation} runs`)
    return pod
  }

  async #pods(selector: string): Promise<Pod[]> {
    const { items } = await this.#stage.get<{ items: Pod[] }>(['pods', '-l', selector])
    return items.filter(({ status }) => status.phase === 'Running')
  }
}
