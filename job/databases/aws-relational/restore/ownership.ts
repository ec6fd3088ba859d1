import { Failure } from '../../../../operation/failure.ts'
import type { Kept, Tag } from '../relational-kind.ts'
import type { RestoreWork } from './restore-work.ts'

/** The tag that says which restore an instance or a cluster is of. */
export const restoreTag = 'kubectl-scalardl.dev/restore'

/** Whether something was made by that restore. */
export function isOwn({ tags }: { tags: readonly Tag[] }, operation: string): boolean {
  return tags.some(({ Key, Value }) => Key === restoreTag && Value === operation)
}

/** What a restore's own carries beside the tags that its source had. */
export function ownTag(operation: string): Tag {
  return { Key: restoreTag, Value: operation }
}

/** The tags that a source had, without that of an earlier restore which made it: a call takes each key once. */
export function withoutRestoreTag(tags: readonly Tag[]): Tag[] {
  return tags.filter(({ Key }) => Key !== restoreTag)
}

/**
 * What this restore has made; undefined where there is none of its name.
 * @throws Failure where one of that name is not this restore's
 */
export async function ownOne<One extends Kept, Settings>({
  kind,
  client,
  target,
  context,
}: Pick<RestoreWork<One, Settings>, 'kind' | 'client' | 'target' | 'context'>): Promise<One | undefined> {
  const one = await kind.look(client, target)
  if (one === undefined || isOwn(one, context.operation)) return one
  throw notOwn(kind, target)
}

/** For a name that somebody else's has. */
export function notOwn({ aOne, noun }: { aOne: string; noun: string }, target: string): Failure {
  return new Failure({
    what: `nothing is restored to ${noun} ${target}`,
    why: `${aOne} of that name is there, and its tags say that it is not of this restore`,
    next: `look whose it is; another restore makes ${aOne} of another name`,
  })
}
