/** Servers that are paused, as a person would name them. */
export interface Paused {
  releases: readonly string[]
  /** used where no release is known */
  addresses: readonly string[]
  namespace: string
}

/** The command that ends a pause, ready to be typed: real names, real namespace. */
export function unpauseCommand({ releases, addresses, namespace }: Paused): string {
  const named = releases.length > 0 ? [...new Set(releases)].join(' ') : `--addresses ${addresses.join(',')}`
  return `kubectl scalardl unpause ${named} -n ${namespace}`
}
