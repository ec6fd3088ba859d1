/** What a command that goes on with a restore needs to know of it. */
interface Restored {
  /** of the restore */
  operation: string
  namespace: string
  /** flags that it was given and that every later command on it needs too, each as a shell reads it */
  flags?: readonly string[] | undefined
}

/**
 * The command that goes on with a restore, for people to copy.
 * @param own what it is to do: `--undo`
 */
export function restoreCommand({ operation, namespace, flags = [] }: Restored, ...own: string[]): string {
  return ['kubectl scalardl restore', operation, ...own, ...flags, `-n ${namespace}`].join(' ')
}
