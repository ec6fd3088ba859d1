import {
  DeleteTableCommand,
  UpdateTableCommand,
  type DynamoDBClient,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import { lookAtTable } from './look-at-table.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import { trailsUntilMs } from '../../../aws/eventual-consistency.ts'
import { onceAllowed, until } from '../../../aws/polling.ts'

/**
 * Deletes a table, once nothing is at work on it.
 * @param may asked of the table as it stands, again before every attempt: whether it is the one that is meant to go
 */
export async function ensureDeleted(
  client: DynamoDBClient,
  table: string,
  may: (found: TableDescription) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const ask = async () => {
    const found = await lookAtTable(client, table)
    if (found === undefined || found.TableStatus === 'DELETING' || !(await may(found))) throw new LeftAlone()
  }
  const askingFirst =
    <Args, Result>(next: (args: Args) => Promise<Result>) =>
    async (args: Args): Promise<Result> => {
      await ask()
      return await next(args)
    }
  await onceAllowed(async () => {
    const command = new DeleteTableCommand({ TableName: table })
    // The SDK makes a call again by the table's name, for as long as its client is patient: another table may have it
    // by then.
    command.middlewareStack.addRelativeTo(askingFirst, { relation: 'after', toMiddleware: 'retryMiddleware' })
    await client.send(command).catch((error: unknown) => {
      // an answer was lost, and the call made again
      if (!(error instanceof LeftAlone) && nameOf(error) !== 'ResourceNotFoundException') throw error
    })
  }, signal)
}

/** There is nothing to delete, or not this. */
class LeftAlone extends Error {}

/** The same for a table that this restore made: the protection that it took over from the original does not keep it. */
export async function ensureOwnDeleted(
  client: DynamoDBClient,
  table: string,
  isOwn: (found: TableDescription) => boolean,
  signal: AbortSignal,
): Promise<void> {
  await ensureUnprotected(client, table, isOwn, signal)
  await ensureDeleted(client, table, async (found) => isOwn(found), signal)
}

/** Turns the deletion protection off that a table made by this restore took over from the original. */
export async function ensureUnprotected(
  client: DynamoDBClient,
  table: string,
  isOwn: (found: TableDescription) => boolean,
  signal: AbortSignal,
): Promise<void> {
  await onceAllowed(async () => {
    const found = await lookAtTable(client, table)
    if (found?.DeletionProtectionEnabled === true && isOwn(found))
      await client.send(new UpdateTableCommand({ TableName: table, DeletionProtectionEnabled: false }))
  }, signal)
}

/**
 * Waits until no table of that name is left, or another has taken its place.
 * @param goes whether a table is the one that was deleted, although it does not look so: not waited for longer than
 * looks may trail
 */
export async function untilGone(
  client: DynamoDBClient,
  table: string,
  signal: AbortSignal,
  goes: (found: TableDescription) => boolean = () => false,
): Promise<void> {
  const byMs = trailsUntilMs()
  await until(async () => {
    const found = await lookAtTable(client, table)
    const isGoing =
      found !== undefined && (found.TableStatus === 'DELETING' || (performance.now() < byMs && goes(found)))
    return isGoing ? undefined : true
  }, signal)
}
