import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { RingView } from '../cql.ts'
import type { Cassy } from './client.ts'
import { idForm, type CassyBackup } from './stored.ts'

/** A ring right before its backup. */
export interface Ring {
  view: RingView
  schema: string[] | undefined
}

const seen = z.object({ clusterId: z.string().regex(idForm), addresses: z.array(z.string().regex(idForm)) })

/** A ring as Cassy has it, before a backup of it is asked for, and the host ids of its nodes, which Cassy has not. */
export type Registered = Omit<CassyBackup, 'snapshotId'> & { hostIds: string[] }

const registered = seen.extend({ hostIds: z.array(z.string()) })

/** One registration for each window: whatever is under it is of that window. */
function step(title: string, number: number): string {
  return `register ${title} with Cassy: ${number}`
}

/**
 * Has Cassy register a ring, and writes that down before anything is asked of it. A registration whose answer is lost
 * stays in Cassy without a backup: it has no call that removes one.
 * @throws CassyError where it cannot, or a node is down; Failure where Cassy sees another ring than the release has
 */
export async function register(
  how: { cassy: Cassy; title: string; journal: Journal | undefined; signal: AbortSignal },
  { view }: Ring,
): Promise<Registered> {
  const { cassy, title, journal, signal } = how
  if (journal === undefined) throw new Error('a backup without a journal')
  const [member] = view.members
  if (member === undefined) throw new Error('a ring without nodes')
  let number = 1
  while (journal.begun(step(title, number))) number += 1
  return await journal.once(step(title, number), async () => {
    const told = await cassy.register(member.address, signal)
    const { success, data } = seen.safeParse({ clusterId: told.cluster_id, addresses: told.target_ips })
    if (!success) throw strange(title, 'what it says of the ring cannot be read')
    refuseOther(title, data.addresses, view)
    const missing = [...view.keyspaces.map(({ name }) => name), 'system_schema'].filter(
      (name) => !told.keyspaces.includes(name),
    )
    if (missing.length > 0) throw strange(title, `it does not see keyspace ${missing.join(', ')}`)
    return { ...data, hostIds: view.members.map(({ hostId }) => hostId) }
  })
}

/** Every ring that any worker of this operation has registered. */
export function registrationsOf(journal: Journal | undefined, title: string): Registered[] {
  const found: Registered[] = []
  for (let number = 1; journal?.begun(step(title, number)) === true; number += 1) {
    const { data } = registered.safeParse(journal.result(step(title, number)))
    if (data !== undefined) found.push(data)
  }
  return found
}

function refuseOther(title: string, addresses: readonly string[], { members }: RingView): void {
  const here = members.map(({ address }) => address)
  const unseen = here.filter((address) => !addresses.includes(address))
  const strangers = addresses.filter((address) => !here.includes(address))
  if (unseen.length + strangers.length === 0) return
  throw strange(
    title,
    [
      ...(unseen.length > 0 ? [`it does not see node ${unseen.join(', ')}`] : []),
      ...(strangers.length > 0 ? [`it sees ${strangers.join(', ')}, which the release's contact points do not`] : []),
    ].join('; '),
  )
}

function strange(title: string, why: string): Failure {
  return new Failure({
    what: `Cassy does not see ${title} as the release does`,
    why,
    next: 'see `nodetool status` on every node, and that --cassy names the Cassy of this ring',
  })
}
