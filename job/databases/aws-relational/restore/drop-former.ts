import { Failure } from '../../../../operation/failure.ts'
import { until } from '../../../aws/polling.ts'
import { loggedInAt } from '../../managed-server/logins.ts'
import type { ServerRepointing } from '../../managed-server/server-repointing.ts'
import { namesOf, onServer, oneServerOf } from '../../managed-server/server.ts'
import { isEndpoint } from '../access.ts'
import type { Kept } from '../relational-kind.ts'
import { unlessChanging } from './delete-own.ts'
import type { RestoreWork } from './restore-work.ts'

/** The snapshot that the former one leaves; its name has 255 characters at most. */
export function finalSnapshot({ target }: { target: string }): string {
  return `final-${target}`
}

/**
 * Looks, changing nothing, whether what was in service before may be deleted.
 * @throws Failure where anything may still need it
 */
export async function refuseDrop<One extends Kept, Settings>(
  work: RestoreWork<One, Settings>,
  repointing: ServerRepointing,
): Promise<void> {
  const { kind, context, details, lasting, settings } = work
  const { source: name } = details
  const refused = (why: string, next?: string) =>
    new Failure({
      what: `${kind.noun} ${name} is not deleted`,
      why,
      next: next ?? `once nobody needs it: ${kind.deletion(details.region, name)}`,
    })
  if ((await repointing.inUse()) !== 'by all')
    throw refused(
      `the releases do not all use the restored ${kind.noun}`,
      `point them to the restored ${kind.noun} first`,
    )
  await repointing.recall()
  const former = repointing.formerSettings()
  const hosts = await Promise.all(
    former.map((one) => namesOf(oneServerOf(one, kind.service).host, isEndpoint, context.signal)),
  )
  if (former.length < settings.length || !hosts.every((names) => names.includes(details.host.toLowerCase())))
    throw refused('it is not what the releases are known to have used before the restore')
  const others = (await context.bystanders?.()) ?? []
  if (others.length > 0)
    throw refused(`${others.map((one) => one.name).join(', ')} runs in this namespace and may use it`)
  const one = await kind.look(lasting, name)
  // An earlier worker of this removal has deleted it, or somebody has.
  if (one === undefined || one.status === 'deleting') return
  if (one.resourceId !== details.resourceId)
    throw refused(`it is another ${kind.noun} of that name than the one that was backed up`)
  if (one.isProtected)
    throw refused(
      'it is protected from deletion',
      `aws rds modify-db-${kind.noun} --region ${details.region} --db-${kind.noun}-identifier ${name} ` +
        '--no-deletion-protection --apply-immediately, then run it again',
    )
  if (one.status !== 'available')
    throw refused(`it is ${one.status}, and a final snapshot is made of one that is available`, 'see to it first')
  const held = kind.heldBy(one)
  if (held !== undefined) throw refused(held.why, held.next)
  const asked = kind
    .servers(one)
    .flatMap((server) => former.map((each) => ({ ...each, contactPoints: onServer(each.contactPoints, server) })))
  const present: string[] = []
  // One after another: each would see the others' sessions.
  for (const each of asked) present.push(...(await loggedInAt(each)))
  if (present.length > 0)
    throw refused(
      `somebody uses it: ${[...new Set(present)].join(', ')}`,
      'have them use another database, or wait until they are gone, then run it again',
    )
}

/**
 * Deletes what was backed up, and no other of its name. Its last state is kept in a snapshot, and its past for as long
 * as its backups are: restore points in it stay. Idempotent.
 * @throws Failure where it was protected from deletion meanwhile
 */
export async function ensureFormerDeleted<One extends Kept, Settings>(work: RestoreWork<One, Settings>): Promise<void> {
  const { kind, client, context, details } = work
  await until(async () => {
    const one = await kind.look(client, details.source)
    if (one === undefined || one.resourceId !== details.resourceId) return true
    if (one.status !== 'available') return undefined
    await unlessChanging(() => kind.removeFormer(work, one, finalSnapshot(work)))
    return undefined
  }, context.signal)
}
