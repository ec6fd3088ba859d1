import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import type { RequestOf } from '../../operation/request.ts'
import type { DatabaseGroup } from './open.ts'

/**
 * Whether a backup pauses, and why. Without a pause only what ScalarDL's documentation allows: a single transactional
 * database used without multi-storage, whose own snapshot is consistent; and one release, since two are consistent with
 * each other only when both stand still.
 * @throws Failure (usage) for `never` where the backup would be inconsistent
 */
export function decidePause(
  mode: RequestOf<'backup'>['pauseMode'],
  databases: readonly DatabaseGroup[],
  releases: readonly { name: string }[],
): { paused: boolean; why: string } {
  if (mode === 'always') return { paused: true, why: 'asked for with --pause always' }
  const need = needOfPause(databases, releases)
  if (need === undefined) {
    return {
      paused: false,
      why:
        'one transactional database without multi-storage holds everything, so its own snapshot is consistent ' +
        '(ScalarDL: how to back up)',
    }
  }
  if (mode === 'auto') return { paused: true, why: need }
  throw new Failure(
    {
      what: 'a backup without a pause would be inconsistent',
      why: need,
      next: 'omit --pause, or use --pause always',
    },
    { exitCode: ExitCode.usage },
  )
}

function needOfPause(databases: readonly DatabaseGroup[], releases: readonly { name: string }[]): string | undefined {
  if (releases.length > 1)
    return `${releases.length} releases are backed up together: ${releases.map((release) => release.name).join(', ')}`
  const [database] = databases
  if (databases.length !== 1 || database === undefined) return `the data is spread over ${databases.length} databases`
  if (database.settings.some((settings) => settings.namespaces !== undefined)) return 'the release uses multi-storage'
  if (!database.kind.capabilities.consistentAlone)
    return `a snapshot of ${database.kind.name} is not consistent by itself`
  return undefined
}
