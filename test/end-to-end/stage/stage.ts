// Room: what the end-to-end tests stand on: a cluster, releases in it, and ways to look and to interfere.
// Read ground, stage, ledger-stage and aws-stage, then what a test uses.

import { execFile } from 'node:child_process'
import type { KubernetesObject } from '@kubernetes/client-node'
import type { Verdict } from '../../stand-ins/ledger/data/verdict.ts'
import type { Ground } from './ground.ts'
import { until } from './gates.ts'
import { run, start, type Run, type RunOptions } from './plugin.ts'

/** What of a pod says whether it is there to stay. */
interface SeenPod {
  metadata: { name: string; deletionTimestamp?: string }
  status: { phase?: string }
}

/**
 * What of the prepared ground a test needs; run.ts hands it over in the environment, so that one test file can be run
 * by itself.
 */
export type TestGround = Pick<Ground, 'executable' | 'kubeconfig' | 'context' | 'kubectl' | 'images'>

/** @throws Error where no cluster was prepared; a skipped end-to-end test would look like a passed one. */
export function ground(): TestGround {
  const read = (name: string): string => {
    const value = process.env[name]
    if (value === undefined || value === '')
      throw new Error(`${name} is not set: run the end-to-end tests by npm run test:end-to-end`)
    return value
  }
  return {
    executable: read('SCALARDL_TEST_PLUGIN'),
    kubeconfig: read('SCALARDL_TEST_KUBECONFIG'),
    context: read('SCALARDL_TEST_CONTEXT'),
    kubectl: read('SCALARDL_TEST_KUBECTL'),
    images: JSON.parse(read('SCALARDL_TEST_IMAGES')) as Ground['images'],
  }
}

/** The ground as a test file finds it in its environment. */
export function environmentOf(prepared: TestGround): Record<string, string> {
  return {
    SCALARDL_TEST_PLUGIN: prepared.executable,
    SCALARDL_TEST_KUBECONFIG: prepared.kubeconfig,
    SCALARDL_TEST_CONTEXT: prepared.context,
    SCALARDL_TEST_KUBECTL: prepared.kubectl,
    SCALARDL_TEST_IMAGES: JSON.stringify(prepared.images),
  }
}

/** One namespace of the cluster with what a test needs in it. */
export class Stage {
  readonly namespace: string
  readonly #ground: TestGround

  constructor(namespace: string, at: TestGround) {
    this.namespace = namespace
    this.#ground = at
  }

  get images(): Ground['images'] {
    return this.#ground.images
  }

  /** Creates the namespace, emptied first where an earlier run was cut off. */
  async open(labels: Record<string, string> = {}): Promise<void> {
    await this.#remove('--wait=true', '--timeout=300s')
    await this.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace, labels } }])
  }

  /** Has the namespace removed. Nobody waits for that: the next test has another. */
  async close(): Promise<void> {
    await this.#remove('--wait=false')
  }

  async #remove(...waiting: string[]): Promise<void> {
    await this.kubectl(['delete', 'namespace', this.namespace, '--ignore-not-found', ...waiting])
  }

  /** @throws Error with kubectl's words where it fails */
  kubectl(args: readonly string[], input?: string): Promise<string> {
    const { kubectl, kubeconfig, context } = this.#ground
    return new Promise((resolve, reject) => {
      const all = ['--kubeconfig', kubeconfig, '--context', context, '-n', this.namespace, ...args]
      const child = execFile(kubectl, all, { maxBuffer: 64 << 20, timeout: 330_000 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || error.message}\n${stdout}`))
      })
      // kubectl may end without reading it
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(input ?? '')
    })
  }

  /** What the cluster publishes for those who verify tokens of its ServiceAccounts, as a cloud does. */
  async tokenIssuer(): Promise<{ issuer: string; keys: Record<string, string>[] }> {
    const read = async <T>(path: string) => JSON.parse(await this.kubectl(['get', '--raw', path])) as T
    const { issuer } = await read<{ issuer: string }>('/.well-known/openid-configuration')
    const { keys } = await read<{ keys: Record<string, string>[] }>('/openid/v1/jwks')
    return { issuer, keys }
  }

  async apply(objects: readonly (KubernetesObject & { spec?: unknown })[]): Promise<void> {
    await this.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  }

  async get<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.kubectl(['get', ...args, '-o', 'json'])) as T
  }

  /** Runs `kubectl scalardl` in this namespace to its end. */
  scalardl(args: readonly string[], options: Omit<RunOptions, 'namespace'> = {}): Promise<Run> {
    return run(this.#ground, args, { ...options, namespace: this.namespace })
  }

  /**
   * Runs `kubectl scalardl` where a test cannot go on without it.
   * @throws Error with what the plugin said where it does not exit with 0
   */
  async succeeds(args: readonly string[], options: Omit<RunOptions, 'namespace'> = {}): Promise<Run> {
    const ended = await this.scalardl(args, options)
    if (ended.code !== 0) throw new Error(`${args.join(' ')}: ${ended.stderr}`)
    return ended
  }

  /** Starts `kubectl scalardl` in this namespace, for a test that interrupts it. */
  startScalardl(args: readonly string[], options: Omit<RunOptions, 'namespace'> = {}): ReturnType<typeof start> {
    return start(this.#ground, args, { ...options, namespace: this.namespace })
  }

  /**
   * Waits until workloads are as they are to be. A rollout ends before its former pods do, which serve until their
   * decommissioning is over: they are waited for too.
   * @throws Error with what the pods and their events say, where one is not ready in time
   */
  async rolledOut(...workloads: string[]): Promise<void> {
    for (const workload of workloads) {
      await this.kubectl(['rollout', 'status', workload, '--timeout=300s']).catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${await this.#told(workload)}`, { cause: error })
      })
    }
    await until('the former pods have ended', async () => {
      const { items } = await this.get<{ items: SeenPod[] }>(['pods'])
      return items.every(({ metadata }) => metadata.deletionTimestamp === undefined)
    })
  }

  /** For a person who has to find out why pods are not ready. */
  async #told(workload: string): Promise<string> {
    const questions = [
      ['get', 'pods', '-o', 'wide'],
      ['get', 'events', '--sort-by=.lastTimestamp'],
      ['logs', workload, '--all-pods', '--all-containers', '--prefix', '--tail=15'],
    ]
    const answers = await Promise.all(questions.map((question) => this.kubectl(question).catch(String)))
    return answers.map((answer) => answer.slice(-6000)).join('\n')
  }

  /** Names of the pods that have all of these labels, but for those that have ended or are told to. */
  async pods(selector: string): Promise<string[]> {
    const { items } = await this.get<{ items: SeenPod[] }>(['pods', '-l', selector])
    const staying = items.filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined && !['Succeeded', 'Failed'].includes(status.phase ?? ''),
    )
    return staying.map(({ metadata }) => metadata.name)
  }

  /** Whether the data is consistent, asked in a pod of the stand-in; on data being written to it never is. */
  async check(deployment: string): Promise<Verdict> {
    // `check` exits 1 where the invariant is broken, which is an answer here
    const output = await this.kubectl(['exec', deployment, '--', 'node', '/app/main.mjs', 'check']).catch(
      (error: unknown) => String(error),
    )
    const json = /\{.*\}/.exec(output)?.[0]
    if (json === undefined) throw new Error(`the check did not answer: ${output}`)
    return JSON.parse(json) as Verdict
  }
}
