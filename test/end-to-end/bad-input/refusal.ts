// Room: what every command refuses before it changes anything.
// Read refusal, then any of the tests.

import type { Test } from 'tap'
import type { FailureText } from '../../../operation/failure.ts'
import { pausedPods, until } from '../stage/gates.ts'
import type { Run } from '../stage/plugin.ts'
import { recordOf } from '../stage/records.ts'
import type { Stage } from '../stage/stage.ts'

/** How a command has to refuse: its exit code, and what each of the three parts must say. */
export interface Expected {
  /** 1 unless given */
  code?: number
  what: RegExp
  why: RegExp
  next: RegExp
}

/** The error that a command showed last, in the form that every error is shown. */
function shownFailure(stderr: string): FailureText | undefined {
  const [, what, why, next] = [...stderr.matchAll(/^Error: (.+)\n {2}why: {2}(.+)\n {2}next: (.+)$/gm)].at(-1) ?? []
  return what === undefined || why === undefined || next === undefined ? undefined : { what, why, next }
}

/**
 * Asserts that a command refused as documented, with three parts that name the cause and the cure, and no stack trace.
 */
export function refuses(t: Test, run: Run, { code = 1, ...parts }: Expected, title = 'refused'): void {
  t.equal(run.code, code, `${title}: exit code; ${run.stderr}`)
  t.match(shownFailure(run.stderr), parts, `${title}: what, why and next`)
  t.notMatch(run.stderr, /^\s+at /m, `${title}: no stack trace`)
}

/** Names of the databases of the stage's PostgreSQL server, sorted. */
export async function databaseNames(stage: Stage): Promise<string[]> {
  const query =
    'PGPASSWORD="$POSTGRES_PASSWORD" psql -h 127.0.0.1 -U postgres ' +
    "-Atc 'SELECT datname FROM pg_database ORDER BY 1'"
  return (await stage.kubectl(['exec', 'statefulset/database', '--', 'sh', '-c', query])).trim().split('\n')
}

/** Jobs of the namespace that have not ended. */
async function activeJobs(stage: Stage): Promise<string[]> {
  const { items } = await stage.get<{
    items: { metadata: { name: string }; status: { conditions?: { type: string; status: string }[] } }[]
  }>(['jobs'])
  return items.flatMap(({ metadata, status }) =>
    status.conditions?.some((one) => ['Complete', 'Failed'].includes(one.type) && one.status === 'True')
      ? []
      : [metadata.name],
  )
}

/** Asserts that nothing of a command goes on or is left, a moment after it: no Job at work, no Lease, no pod paused. */
export async function nothingLeft(t: Test, stage: Stage, releases: readonly string[] = ['my']): Promise<void> {
  // A Job has ended once its controller has seen its pod end; the guard's ends after the worker's.
  await until('no Job goes on', async () => (await activeJobs(stage)).length === 0).catch(() => undefined)
  t.strictSame(await activeJobs(stage), [], 'no Job goes on')
  t.equal(await stage.kubectl(['get', 'leases', '-o', 'name']), '', 'no Lease is left')
  for (const release of releases) t.strictSame(await pausedPods(stage, release), [], `no pod of ${release} is paused`)
}

/** Asserts that an operation never paused anything. */
export async function neverPaused(t: Test, stage: Stage, operation: string): Promise<void> {
  t.strictSame((await recordOf(stage, operation)).windows, [], `${operation} paused nothing`)
}
