// Room: pods of another namespace, where an administrator has allowed it: found, and commands run in them.
// Read pods-elsewhere (the interface), kubernetes-pods, exec.

/** A port of a container, and what it is called. */
export interface ContainerPort {
  name?: string | undefined
  port: number
}

/** A pod as far as a command is to be run in it. */
export interface PodElsewhere {
  name: string
  uid: string
  /** empty while it has none */
  ip: string
  node: string
  labels: Readonly<Record<string, string>>
  ready: boolean
  /** why it is not ready, where it is not */
  trouble?: string | undefined
  containers: readonly { name: string; /** that it says it listens on */ ports: readonly ContainerPort[] }[]
}

/** How a command in a container ended. */
export interface CommandResult {
  exitCode: number
  stdout: string
  stderr: string
}

/** How long a command may take, and what ends the wait for it before that. */
export interface CommandLimits {
  timeoutMs: number
  signal: AbortSignal
}

/** The pods of one namespace. */
export interface PodsElsewhere {
  namespace: string
  /** the rights that this needs and the worker does not have, for people: `list pods`. @param to what is to be done */
  missingRights(to: 'find' | 'run'): Promise<string[]>
  /** What a Secret of that namespace has. @throws Failure where it is not there, or may not be read */
  readSecret(name: string): Promise<ReadonlyMap<string, string>>
  /** those that are alive, by name. @param selector of labels */
  list(selector: string): Promise<PodElsewhere[]>
  /**
   * Runs a command in a container. Nobody can end it: after the time-out, or once the signal aborts, it may run on.
   * @throws Failure where it did not begin, or where nobody knows how it ended; the signal's reason
   */
  run(pod: string, container: string, command: readonly string[], limits: CommandLimits): Promise<CommandResult>
}
