import type { Action } from '../../command-line/command.ts'
import type { OperationKind } from '../../../operation/names.ts'
import type { StoredRecord } from '../../kubernetes/records/records.ts'
import type { Presentation } from '../../terminal/print.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { GetFlags } from './command.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { eachOperation, findOperation, listOperations } from '../../kubernetes/records/operations.ts'
import { formatTable, printList, printOne } from '../../terminal/print.ts'
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

/** What a table shows of an operation: of thousands of records, the rows are kept and not the records. */
interface Row {
  createdAt: string
  cells: string[]
}

/** Prints the rows of all backups or operations, each of which tells of itself. @returns how many there are */
async function printRows(
  session: Session,
  terminal: Terminal,
  output: 'table' | 'wide' | 'name',
  kind: OperationKind | undefined,
  { columns, name }: Presentation<StoredRecord>,
): Promise<number> {
  const shown = columns.filter(({ wide }) => output === 'wide' || wide !== true)
  const rows: Row[] = []
  for await (const stored of eachOperation(session, { kind })) {
    warnUnreadable(terminal, stored)
    const cells = output === 'name' ? [name(stored)] : shown.map(({ value }) => value(stored))
    rows.push({ createdAt: stored.createdAt ?? '', cells })
  }
  rows.sort((a, b) => a.createdAt.localeCompare(b.createdAt))
  if (output === 'name') for (const { cells } of rows) terminal.data(cells.join())
  else if (rows.length > 0) {
    const titles = shown.map(({ title }, index) => ({ title, value: ({ cells }: Row) => cells[index] ?? '' }))
    terminal.data(formatTable(rows, titles))
  }
  return rows.length
}

function warnUnreadable(terminal: Terminal, { problem }: StoredRecord): void {
  if (problem !== undefined) terminal.warning(`${problem.what}: ${problem.why}; ${problem.next}`)
}

/** Lists what the records say, with an end for operations whose Job ended without one. */
export const runGet: Action<GetFlags> = async (flags, session, terminal) => {
  const { title, kind, presentation: present } = listings[flags.what]
  const names = flags.names ?? []
  const { output } = flags
  const none = () => terminal.note(`There are no ${title} in namespace ${session.namespace}.`)
  if (names.length === 0 && kind !== 'restore' && output !== 'json' && output !== 'yaml') {
    const count = await printRows(session, terminal, output, kind, present([]))
    if (count === 0 && output !== 'name') none()
    return ExitCode.done
  }
  const found =
    names.length === 0
      ? await listOperations(session, kind)
      : await Promise.all(names.map((name) => findOperation(session, name, kind)))
  for (const stored of found) warnUnreadable(terminal, stored)
  const presentation = present(kind === 'restore' && names.length > 0 ? await listOperations(session, kind) : found)
  const [only] = found
  if (names.length === 1 && only !== undefined) printOne(terminal, output, only, presentation)
  else if (found.length === 0 && (output === 'table' || output === 'wide')) none()
  else printList(terminal, output, found, presentation)
  return ExitCode.done
}
