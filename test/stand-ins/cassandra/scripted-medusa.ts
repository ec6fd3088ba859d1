import type { CommandResult } from '../../../job/kubernetes/elsewhere/pods-elsewhere.ts'

/**
 * What goes wrong with Medusa on a node from here on. Each is what Medusa 0.31 was seen to do, or its source says
 * (medusa/backup_node.py, verify.py, listing.py, utils.py):
 * none: the container has no such program;
 * unreachable: its storage does not answer: exit code 1, ERROR and a stack trace on standard error;
 * breaks: an upload ends half-way with exit code 1, after seven tries: the backup is listed, and never finished; its
 * ERROR names the tries alone, and the first of two traces the disk that is full;
 * damaged: a file in the storage is not that of the manifest: `verify` says so and ends with exit code 1;
 * forgets: exit code 0 of an upload, and the backup is not in the list.
 */
export type MedusaFault = 'none' | 'unreachable' | 'breaks' | 'damaged' | 'forgets'

/** A node that has Medusa in a container of its own. */
interface Node {
  pod: string
  medusaFault?: MedusaFault | undefined
  snapshots: Set<string>
}

/** Medusa's storage: which nodes have ended their part of each backup. */
export type MedusaStorage = Map<string, Map<string, 'begun' | 'finished'>>

const ok = (stdout: string): CommandResult => ({ exitCode: 0, stdout, stderr: '' })
const failed = (words: string, stdout = '', trace = ''): CommandResult => ({
  exitCode: 1,
  stdout,
  stderr: `[2026-11-22 08:17:45,742] ERROR: ${words}\nTraceback (most recent call last):\n${trace}`,
})

const tries = 'RetryError[<Future at 0x7f0cc8307850 state=finished raised OSError>]'
/** As Python writes an error that another led to. */
const fullDisk = [
  '  File "medusa/storage/local_storage.py", line 93, in _upload_object',
  '    await f.write(chunk)',
  'OSError: [Errno 28] No space left on device',
  '',
  'The above exception was the direct cause of the following exception:',
  '',
  'Traceback (most recent call last):',
  '    raise retry_exc from fut.exception()',
  `tenacity.RetryError: ${tries}`,
  '',
].join('\n')

/** Answers as `medusa` of 0.31 does in the pod of a node. @param nodes how many the ring has */
export function medusaOf(
  storage: MedusaStorage,
  { pod, medusaFault, snapshots }: Node,
  [verb = '', ...args]: readonly string[],
  nodes: number,
): CommandResult {
  if (medusaFault === 'none') return { exitCode: 127, stdout: '', stderr: 'sh: medusa: not found\n' }
  if (medusaFault === 'unreachable') return failed('Error occurred during backup: the bucket does not answer')
  const name = args[args.indexOf('--backup-name') + 1] ?? ''
  switch (verb) {
    case 'backup-node': {
      if (![...snapshots].some((line) => line.startsWith(`${name} `)))
        return failed(`Error: Snapshot ${name} does not exist and use_existing_snapshot is True.`)
      if (medusaFault === 'forgets') return ok('')
      const parts = storage.get(name) ?? new Map<string, 'begun' | 'finished'>()
      storage.set(name, parts.set(pod, medusaFault === 'breaks' ? 'begun' : 'finished'))
      if (medusaFault === 'breaks') return failed(`Error occurred during backup: ${tries}`, '', fullDisk)
      if (!args.includes('--keep-snapshot'))
        for (const line of snapshots) if (line.startsWith(`${name} `)) snapshots.delete(line)
      return ok('')
    }
    case 'list-backups':
      return ok(
        [...storage]
          .map(([one, parts]) => {
            const ended = [...parts.values()].filter((how) => how === 'finished').length
            const finished =
              ended === nodes ? '2026-11-22 08:18:00' : `Incomplete [${ended} of ${nodes} nodes finished]`
            return `${one} (started: 2026-11-22 08:17:45, finished: ${finished})\n`
          })
          .join(''),
      )
    case 'verify': {
      if (!storage.has(name)) return failed('Manifest validation failed')
      const said = `Validating ${name} ...\n- Completion: OK!\n`
      if (medusaFault === 'damaged')
        return failed(
          'Manifest validation failed',
          `${said}- Manifest validation: Failed!\n  - [a-Data.db] Blob different\n`,
        )
      return ok(`${said}- Manifest validated: OK!!\n`)
    }
    case 'delete-backup':
      if (args.includes('--all-nodes')) storage.delete(name)
      else storage.get(name)?.delete(pod)
      return ok('')
    default:
      return { exitCode: 2, stdout: '', stderr: `Error: No such command '${verb}'.\n` }
  }
}
