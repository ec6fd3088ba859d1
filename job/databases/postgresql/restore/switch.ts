import { escapeIdentifier, type Client } from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, messageOf } from '../../../../operation/failure.ts'
import type { Mark } from '../../dump/mark.ts'
import type { Names } from '../../dump/names.ts'
import { inTheWay, notLoaded, refuseNoWayBack } from '../../dump/way-back.ts'
import { titleOf, type Access } from '../access.ts'
import { endSessions, maintain, readWorld, sessionsOf, setMark } from './catalog.ts'
import { transaction } from './create-database.ts'

/** How often to try while others come back to a database, and how long to wait in between, ms. */
const tries = 3
const pauseMs = 500
/** How often the sessions of a database are ended while it is to be renamed, ms. */
const endSessionsMs = 200

/** Puts the restored database in service, the one that was there beside it: both names change at once or none. */
export async function putInService(access: Access, names: Names, operation: string): Promise<void> {
  await maintain(access, async (client) => {
    const { live, restored, before } = await readWorld(client, names)
    if (restored.mark?.operation !== operation) throw notLoaded(titleOf(access), restored)
    if (before.filled) throw inTheWay(titleOf(access), before)
    const mark: Mark = { operation, state: live.filled ? 'replaced' : 'alone' }
    const renames: Rename[] = [
      ...(live.filled ? [{ from: names.live, to: names.before }] : []),
      { from: names.restored, to: names.live },
    ]
    await rename(access, client, { database: names.restored, comment: restored.comment, mark }, renames)
  })
}

/** The reverse. Where the restored database stood alone, nothing is in service afterwards. */
export async function takeOutOfService(access: Access, names: Names, operation: string): Promise<void> {
  await maintain(access, async (client) => {
    const world = await readWorld(client, names)
    refuseNoWayBack(titleOf(access), world)
    const replaced = world.live.mark?.state === 'replaced'
    const renames: Rename[] = [
      { from: names.live, to: names.restored },
      ...(replaced ? [{ from: names.before, to: names.live }] : []),
    ]
    await rename(
      access,
      client,
      { database: names.live, comment: world.live.comment, mark: { operation, state: 'loaded' } },
      renames,
    )
  })
}

interface Rename {
  from: string
  to: string
}

/**
 * Renames in one transaction. RENAME first locks its database against new sessions and then waits up to 5 s until the
 * present ones are gone (ALTER DATABASE, CountOtherDBBackends), so they are ended while it waits.
 */
async function rename(
  access: Access,
  client: Client,
  marked: { database: string; comment: string; mark: Mark },
  renames: readonly Rename[],
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const finished = new AbortController()
    const ending = keepEnding(
      access,
      renames.map((one) => one.from),
      finished.signal,
    )
    try {
      await transaction(client, async () => {
        await client.query(`SET LOCAL lock_timeout = '10s'`)
        await setMark(client, marked.database, marked.comment, marked.mark)
        for (const { from, to } of renames)
          await client.query(`ALTER DATABASE ${escapeIdentifier(from)} RENAME TO ${escapeIdentifier(to)}`)
      })
      return
    } catch (error) {
      if (attempt >= tries || !inUse(error)) throw await switchFailure(access, client, renames, error)
    } finally {
      finished.abort()
      await ending
    }
    await sleep(pauseMs)
  }
}

/** Ends the sessions in some databases again and again until told to stop. */
async function keepEnding(access: Access, databases: readonly string[], finished: AbortSignal): Promise<void> {
  await maintain(access, async (client) => {
    while (!finished.aborted) {
      await endSessions(client, databases)
      await sleep(endSessionsMs, undefined, { signal: finished }).catch(() => undefined)
    }
  }).catch(() => undefined)
}

function inUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '55006' || error.code === '55P03')
}

async function switchFailure(
  access: Access,
  client: Client,
  renames: readonly Rename[],
  error: unknown,
): Promise<Failure> {
  const sessions = await sessionsOf(
    client,
    renames.map((one) => one.from),
  ).catch(() => [])
  const who = [...new Set(sessions.map((session) => session.who))].slice(0, 5).join(', ')
  const detail =
    error instanceof Error && 'detail' in error && typeof error.detail === 'string' ? ` ${error.detail}` : ''
  return new Failure(
    {
      what: `${titleOf(access)} could not be switched`,
      why: inUse(error)
        ? `others are connected and could not be sent away: ${who === '' ? detail.trim() || 'a lock is held' : who}`
        : `${messageOf(error)}${detail}`,
      next: inUse(error)
        ? 'stop them, or give a Secret of a user that may end their sessions (pg_signal_backend) by --database-secret'
        : "look into the server's log for the time of the failure",
    },
    { cause: error },
  )
}
