import { Failure, whyOf } from '../../../operation/failure.ts'
import type { Finding } from '../../../operation/finding.ts'
import { printable } from '../../../operation/text/printable.ts'
import type { CommandLimits, PodsElsewhere } from '../../kubernetes/elsewhere/pods-elsewhere.ts'

/** Medusa for Apache Cassandra, in a container of every pod that Cassandra runs in. */
export interface Medusa {
  container: string
  /** its command line, as the container has it */
  command: string[]
}

/** For a question to Medusa, ms: it starts slowly, and looks through its whole storage. */
const askMs = 300_000
/** For the upload of one node, ms. */
const uploadMs = 12 * 3_600_000

/** What `--cassandra-medusa CONTAINER` or `CONTAINER:COMMAND` says; undefined where Medusa is not to be used. */
export function readMedusa(flag: string | undefined): Medusa | undefined {
  if (flag === undefined) return undefined
  const [container = '', ...rest] = flag.split(':')
  const words = rest
    .join(':')
    .split(' ')
    .filter((word) => word !== '')
  return { container, command: words.length === 0 ? ['medusa'] : words }
}

/** Whether Medusa answers on a node, and reaches its storage. @throws the signal's reason */
export async function checkMedusa(
  title: string,
  pods: PodsElsewhere,
  nodes: readonly { pod: string }[],
  { medusa, signal }: { medusa: Medusa; signal: AbortSignal },
): Promise<Finding[]> {
  const of = { check: 'medusa', subject: title }
  const troubles = await Promise.all(
    nodes.map(async ({ pod }) => {
      try {
        await run(pods, pod, ['list-backups'], { medusa, timeoutMs: askMs, signal })
        return []
      } catch (error) {
        signal.throwIfAborted()
        return [`pod ${pod}: ${whyOf(error)}`]
      }
    }),
  )
  const [first, ...more] = troubles.flat()
  if (first === undefined)
    return [{ ...of, outcome: 'ok', message: `Medusa answers on ${nodes.length} nodes and reaches its storage` }]
  return [
    {
      ...of,
      outcome: 'error',
      message: [first, ...more].join('; '),
      cure: 'name the container that Medusa is in: --cassandra-medusa CONTAINER, or CONTAINER:COMMAND',
    },
  ]
}

/**
 * Whether Medusa's storage holds the backup of every node, and every file of it (Medusa, `verify`).
 * @param pod where it is asked
 * @returns why not; undefined where it does
 */
export async function lackOf(
  pods: PodsElsewhere,
  pod: string,
  { name, ...how }: { name: string; medusa: Medusa; signal: AbortSignal },
): Promise<string | undefined> {
  const listed = await list(pods, pod, how)
  const line = listed.find((one) => one.startsWith(`${name} `))
  if (line === undefined) return 'it is not in the list of its backups'
  if (/finished: Incomplete/.test(line)) return printable(line.slice(0, 300))
  try {
    const said = await run(pods, pod, ['verify', '--backup-name', name], { ...how, timeoutMs: uploadMs })
    const isWhole = /Completion: OK/.test(said) && /Manifest validated: OK/.test(said)
    return isWhole ? undefined : 'verify does not say that it is whole'
  } catch (error) {
    how.signal.throwIfAborted()
    return whyOf(error)
  }
}

/**
 * Copies the snapshot of every node to Medusa's storage, all at once, and keeps it on the node.
 * @throws Failure where one fails, with how many others came to an end; the signal's reason
 */
export async function upload(
  pods: PodsElsewhere,
  nodes: readonly { pod: string; address: string }[],
  { name, ...how }: { name: string; medusa: Medusa; signal: AbortSignal },
): Promise<void> {
  const args = ['backup-node', '--backup-name', name, '--use-existing-snapshot', '--keep-snapshot']
  const ended = await Promise.allSettled(nodes.map(({ pod }) => run(pods, pod, args, { ...how, timeoutMs: uploadMs })))
  how.signal.throwIfAborted()
  const failed = ended.flatMap((one, index) => {
    if (one.status === 'fulfilled') return []
    const why = whyOf(one.reason)
    return [`node ${nodes[index]?.address} (pod ${nodes[index]?.pod}): ${why}`]
  })
  if (failed.length === 0) return
  throw new Failure({
    what: `Medusa did not copy the snapshot ${name} of ${failed.length} of ${nodes.length} nodes`,
    why: failed.join('; '),
    next: 'see what Medusa says in these pods, then run the backup again',
  })
}

/**
 * Has Medusa delete the backups whose names begin so, of all nodes.
 * @returns their names
 * @throws Failure where one stays; the signal's reason
 */
export async function deleteFromMedusa(
  pods: PodsElsewhere,
  pod: string,
  { beginning, ...how }: { beginning: string; medusa: Medusa; signal: AbortSignal },
): Promise<string[]> {
  const namesNow = async () =>
    (await list(pods, pod, how)).map((line) => line.split(' ')[0] ?? '').filter((name) => name.startsWith(beginning))
  const names = await namesNow()
  if (names.length === 0) return []
  for (const name of names)
    await run(pods, pod, ['delete-backup', '--backup-name', name, '--all-nodes'], { ...how, timeoutMs: askMs })
  const left = await namesNow()
  if (left.length === 0) return names
  throw new Failure({
    what: `Medusa did not delete ${left.join(', ')}`,
    why: 'it is still in the list of its backups',
    next: `delete it in pod ${pod}: medusa delete-backup --backup-name ${left[0]} --all-nodes`,
  })
}

async function list(pods: PodsElsewhere, pod: string, how: { medusa: Medusa; signal: AbortSignal }): Promise<string[]> {
  return (await run(pods, pod, ['list-backups', '--show-all'], { ...how, timeoutMs: askMs })).split('\n')
}

/**
 * Runs Medusa in a pod. It ends with exit code 1 where it failed, and says why in lines with ERROR.
 * @returns what it said on standard output
 */
async function run(
  pods: PodsElsewhere,
  pod: string,
  args: readonly string[],
  { medusa, ...limits }: CommandLimits & { medusa: Medusa },
): Promise<string> {
  const { exitCode, stdout, stderr } = await pods.run(pod, medusa.container, [...medusa.command, ...args], limits)
  if (exitCode === 0) return stdout
  const said = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '')
  // Where tries failed, its own words count them. Python's first trace ends in what each of them met.
  const met = said.find((line) => /^[\w.]+(Error|Exception): /.test(line))
  const words = met ?? said.findLast((line) => /\bERROR\b/.test(line)) ?? said.at(-1) ?? 'it says nothing'
  throw new Failure({
    what: `medusa ${args[0]} failed in pod ${pod}`,
    why: `exit code ${exitCode}: ${printable(words.trim()).slice(0, 500)}`,
    next: `see its log: kubectl logs ${pod} -c ${medusa.container} -n ${pods.namespace}`,
  })
}
