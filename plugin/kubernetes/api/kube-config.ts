import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import https from 'node:https'
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { Failure, messageOf } from '../../../operation/failure.ts'

/** How long a connection that nothing is asked over is kept, ms: less than what is between forgets it. */
const idleMs = 4000

/** The flags that say which cluster is meant, as whom, and how long it may take to answer. */
export interface ConnectionFlags {
  namespace: string | undefined
  context: string | undefined
  kubeconfig: string | undefined
  as: string | undefined
  asGroup: string[] | undefined
  requestTimeout: string | undefined
}

/** A kubeconfig that also knows kubectl's --as-group, and keeps its connections for the next request. */
export class FlaggedKubeConfig extends KubeConfig {
  #groups: readonly string[] = []

  impersonateGroups(groups: readonly string[]): void {
    this.#groups = groups
  }

  override async applyToHTTPSOptions(options: Parameters<KubeConfig['applyToHTTPSOptions']>[0]): Promise<void> {
    await super.applyToHTTPSOptions(options)
    // Groups are one header line each, which the client's own types do not know.
    if (this.#groups.length > 0)
      options.headers = { ...options.headers, 'Impersonate-Group': [...this.#groups] } as NonNullable<
        typeof options.headers
      >
    if (options.agent instanceof https.Agent) {
      options.agent.options.timeout = idleMs
      Object.assign(options.agent, { keepAlive: true })
    }
  }
}

/** The files that kubectl would read, those that exist: --kubeconfig, else $KUBECONFIG, else ~/.kube/config. */
function kubeconfigFiles(flag: string | undefined): string[] {
  if (flag !== undefined) return [flag]
  const listed = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '')
  return (listed.length > 0 ? listed : [join(homedir(), '.kube', 'config')]).filter((file) => existsSync(file))
}

/** Entries of several files; the first of a name wins, as with kubectl. */
function merged<Entry extends { name: string }>(lists: readonly (readonly Entry[])[]): Entry[] {
  return [
    ...new Map(
      lists
        .flat()
        .toReversed()
        .map((entry) => [entry.name, entry]),
    ).values(),
  ].toReversed()
}

function readFile(file: string): KubeConfig {
  const config = new KubeConfig()
  try {
    config.loadFromFile(file)
  } catch (error) {
    throw new Failure(
      {
        what: `the kubeconfig ${file} cannot be read`,
        why: messageOf(error),
        next: 'name a readable one with --kubeconfig or $KUBECONFIG',
      },
      { cause: error },
    )
  }
  return config
}

/**
 * Reads the kubeconfig that the flags and the environment name; inside a pod without one, its ServiceAccount.
 * @throws Failure when there is none, or it lacks the context.
 */
export function loadKubeConfig(flags: ConnectionFlags): FlaggedKubeConfig {
  const config = new FlaggedKubeConfig()
  const files = kubeconfigFiles(flags.kubeconfig).map(readFile)
  if (files.length > 0) {
    config.loadFromOptions({
      clusters: merged(files.map((file) => file.clusters)),
      contexts: merged(files.map((file) => file.contexts)),
      users: merged(files.map((file) => file.users)),
      currentContext: files.map((file) => file.currentContext).find((name) => (name ?? '') !== '') ?? '',
    })
  } else if (process.env['KUBERNETES_SERVICE_HOST'] !== undefined) {
    config.loadFromCluster()
  } else {
    throw new Failure({
      what: 'no cluster is known',
      why: 'there is no kubeconfig',
      next: 'name one with --kubeconfig or $KUBECONFIG',
    })
  }
  if (flags.context !== undefined) config.setCurrentContext(flags.context)
  if (config.getCurrentCluster() === null) {
    const known = config.contexts.map((context) => context.name).join(', ') || 'none'
    throw new Failure({
      what:
        config.currentContext === '' ? 'no context is chosen' : `the context "${config.currentContext}" cannot be used`,
      why: `the kubeconfig has no such context, or no cluster for it; its contexts: ${known}`,
      next: 'choose one with --context, or with `kubectl config use-context`',
    })
  }
  if (flags.as !== undefined) {
    const user = config.getCurrentUser()
    config.users = config.users.map((entry) =>
      entry.name === user?.name ? { ...entry, impersonateUser: flags.as ?? '' } : entry,
    )
  }
  config.impersonateGroups(flags.asGroup ?? [])
  return config
}
