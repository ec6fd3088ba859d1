import { knownKinds, titlesOf } from '../../../operation/databases/registry.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import type { ReleasePart } from '../../kubernetes/jobs/compose/release-part.ts'
import type { BackupFlags } from './command.ts'

/** Storages of ScalarDB that need no --to: their services keep the backups, or they only gather other storages. */
const keepingThemselves = new Set([
  'multi-storage',
  ...knownKinds.flatMap(({ isManaged, keepsItsOwnBackups, storage }) =>
    keepsItsOwnBackups && isManaged !== true ? [storage] : [],
  ),
])

/**
 * Refuses flags that do not fit the releases' databases, as far as their properties can be read from here. The worker
 * checks all of them.
 * @throws Failure (usage)
 */
export function refuseUnfit(
  flags: Pick<BackupFlags, 'to' | 'table' | 'materialize'> & { hasOwnTool?: boolean; managed?: string | undefined },
  parts: readonly Pick<ReleasePart, 'storages'>[],
): void {
  const known = parts.every(({ storages }) => storages !== undefined)
  const kinds = [...new Set(parts.flatMap(({ storages }) => storages ?? []))]
  const managed = knownKinds.find(({ name }) => name === flags.managed)
  const dumped = kinds.filter((kind) => !keepingThemselves.has(kind) && kind !== managed?.storage)
  // Which databases are left to the administrator's own tool, the worker finds out.
  if (flags.to === undefined && dumped.length > 0 && flags.hasOwnTool !== true) {
    throw usage(
      '--to is missing',
      `the releases keep data in ${dumped.join(', ')}, which is dumped to a storage`,
      'say where the dumps go: --to pvc://CLAIM/path',
    )
  }
  const flag = flags.materialize ? 'materialize' : flags.table === undefined ? undefined : 'table'
  if (flag === undefined || !known) return
  const understanding = knownKinds.filter((kind) => kind.flags.backup?.[flag] !== undefined)
  if (!understanding.some(({ storage }) => kinds.includes(storage))) {
    throw usage(
      `--${flag} does not apply to these releases`,
      `it is for ${titlesOf(understanding)}; they use ${kinds.join(', ')}`,
      `omit --${flag}`,
    )
  }
}

function usage(what: string, why: string, next: string): Failure {
  return new Failure({ what, why, next }, { exitCode: ExitCode.usage })
}
