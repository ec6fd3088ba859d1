import { Failure } from '../../../../operation/failure.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { DatabaseContext } from '../../database.ts'
import { readDetails } from '../details.ts'
import { noPods } from './preflight.ts'
import { deleteFromMedusa } from '../medusa.ts'
import { findRing } from '../ring.ts'
import { clearSnapshots } from './snapshots.ts'

/**
 * Clears the snapshots of a backup from the nodes that have them. A node that is in the ring no more has taken its
 * snapshot with it.
 * @throws Failure where a node that has one cannot be asked; the signal's reason
 */
export async function clearOfBackup(entry: DatabaseBackup, { events, podsIn, signal }: DatabaseContext): Promise<void> {
  const { namespace, selector, clientSecret, tag, nodes } = readDetails(entry)
  const pods = podsIn?.(namespace)
  if (pods === undefined) throw noPods(entry.title)
  const { medusa } = readDetails(entry)
  const members = nodes.map((node) => ({ ...node, release: '', schemaVersion: '' }))
  const found = await findRing(pods, members, { selector, clientSecret }, signal)
  const gone = members.filter(({ hostId }) => !found.nodes.some((node) => node.hostId === hostId))
  const unknown = found.troubles.filter((trouble) => trouble.startsWith('pod ') || trouble.includes('does not answer'))
  if (gone.length > 0 && unknown.length > 0)
    throw new Failure({
      what: `the snapshots of ${entry.title} are not all cleared`,
      why: unknown.join('; '),
      next: 'run the command again once that node serves',
    })
  for (const node of found.nodes) await clearSnapshots(node, tag, { signal })
  const [first] = found.nodes
  if (medusa !== undefined) {
    if (first === undefined)
      throw new Failure({
        what: `Medusa's backup ${tag} is not deleted`,
        why: `no pod of ${entry.title} is there that has Medusa`,
        next: `delete it where Medusa runs: medusa delete-backup --backup-name ${tag} --all-nodes`,
      })
    await deleteFromMedusa(pods, first.pod, { beginning: tag, medusa, signal })
  }
  for (const { address } of gone)
    events.say('note', `${entry.title}: node ${address} is not there any more, and its snapshot with it`)
}
