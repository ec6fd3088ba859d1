import type { Action } from '../../command-line/command.ts'
import type { OperationKind } from '../../../operation/names.ts'
import type { StoredRecord } from '../../kubernetes/records/records.ts'
import type { Presentation } from '../../terminal/print.ts'
import type { GetFlags } from './command.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { findOperation, listOperations } from '../../kubernetes/records/operations.ts'
import { printList, printOne } from '../../terminal/print.ts'
import { backupPresentation, operationPresentation, restorePresentation } from '../../presentation/operation-columns.ts'

interface Listing {
  title: string
  kind?: OperationKind
  /** @param all every one of the kind, where these tell together what one alone does not */
  presentation: (all: readonly StoredRecord[]) => Presentation<StoredRecord>
}

const backups: Listing = { title: 'backups', kind: 'backup', presentation: () => backupPresentation }
const restores: Listing = {
  title: 'restores',
  kind: 'restore',
  presentation: (all) => restorePresentation(all.flatMap(({ record }) => record ?? [])),
}
const operations: Listing = { title: 'operations', presentation: () => operationPresentation }
const listings: Record<GetFlags['what'], Listing> = {
  backups,
  backup: backups,
  restores,
  restore: restores,
  operations,
  operation: operations,
}

/** Lists what the records say, with an end for operations whose Job ended without one. */
export const runGet: Action<GetFlags> = async (flags, session, terminal) => {
  const { title, kind, presentation: present } = listings[flags.what]
  const names = flags.names ?? []
  const found =
    names.length === 0
      ? await listOperations(session, kind)
      : await Promise.all(names.map((name) => findOperation(session, name, kind)))
  for (const stored of found)
    if (stored.record === undefined)
      terminal.warning(`${stored.problem.what}: ${stored.problem.why}; ${stored.problem.next}`)
  const presentation = present(kind === 'restore' && names.length > 0 ? await listOperations(session, kind) : found)
  const [only] = found
  if (names.length === 1 && only !== undefined) printOne(terminal, flags.output, only, presentation)
  else if (found.length === 0 && (flags.output === 'table' || flags.output === 'wide'))
    terminal.note(`There are no ${title} in namespace ${session.namespace}.`)
  else printList(terminal, flags.output, found, presentation)
  return ExitCode.done
}
