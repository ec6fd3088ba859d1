import { connect } from '../connect.ts'
import type { Access } from '../access.ts'
import type { Session } from '../session.ts'

/** How often the snapshots are taken anew where others commit meanwhile. */
const tries = 5

/** Sessions whose transactions all see the same point in time. */
export interface SnapshotSessions {
  /** those that hold the snapshot: all, or one alone */
  holders: Session[]
  end(): Promise<void>
}

/** Opens sessions that wait for the moment of the snapshot. */
export async function openSessions(access: Access, count: number): Promise<Session[]> {
  const opened = await Promise.allSettled(Array.from({ length: count }, () => connect(access)))
  const sessions = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value.session] : []))
  const failed = opened.find((one) => one.status === 'rejected')
  if (failed !== undefined) {
    await endAll(sessions)
    throw failed.reason
  }
  for (const session of sessions) {
    await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    // Texts come as the bytes that the table holds, in whatever character set.
    await session.query('SET character_set_results = NULL')
  }
  return sessions
}

/**
 * Takes one snapshot in every session, and proves that it is one: nothing else was committed on the server between the
 * first and the last of them. The server counts commits (Handler_commit), and each START TRANSACTION counts once. Where
 * others keep committing, one session alone holds the snapshot, which then is one by itself.
 * @returns the sessions that hold it
 */
export async function takeSnapshot(sessions: readonly Session[]): Promise<Session[]> {
  const [first] = sessions
  if (first === undefined) throw new Error('a snapshot without a session')
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    // A START would commit what the last try left, which would count as well.
    if (attempt > 1) await Promise.all(sessions.map((session) => session.query('ROLLBACK')))
    const before = await commits(first)
    await Promise.all(sessions.map((session) => session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')))
    if (sessions.length === 1) return [first]
    if ((await commits(first)) - before === sessions.length) return [...sessions]
  }
  return [first]
}

/** How many commits the server has counted, by anyone. */
async function commits(session: Session): Promise<number> {
  const [row] = await session.query<{ Value: string }>(`SHOW GLOBAL STATUS LIKE 'Handler_commit'`)
  return Number(row?.Value)
}

/** Ends sessions; of those whose query runs the connection. */
export async function endAll(sessions: readonly Session[]): Promise<void> {
  for (const session of sessions) session.destroy()
}
