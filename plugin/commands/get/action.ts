import type { Action } from '../../command-line/command.ts'
import type { OperationKind } from '../../../operation/names.ts'
import type { StoredRecord } from '../../kubernetes/records/records.ts'
import type { Presentation } from '../../terminal/print.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import type { OutputFormat, Terminal } from '../../terminal/terminal.ts'
import { backupsAt } from './backups-at.ts'
import type { GetFlags } from './command.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { servedBy, type Served } from '../../../operation/outcome/in-service.ts'
import { eachOperation, findOperation, namespacesWithOperations } from '../../kubernetes/records/operations.ts'
import { knownKeys } from '../../kubernetes/signing/known-keys.ts'
import { cellOf, formatTable, printList, printOne, streamList } from '../../terminal/print.ts'
import { backupPresentation, operationPresentation, restorePresentation } from '../../presentation/operation-columns.ts'

interface Listing {
  title: string
  kind?: OperationKind
  /**
   * @param restores every restore of the namespace, where one alone does not tell everything
   * @param known fingerprints of the keys that the namespace trusts, where that is known
   */
  presentation: (restores: readonly Served[], known?: readonly string[]) => Presentation<StoredRecord>
}

const backups: Listing = { title: 'backups', kind: 'backup', presentation: (_, known) => backupPresentation(known) }
const restores: Listing = {
  title: 'restores',
  kind: 'restore',
  presentation: restorePresentation,
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

/** A row of the table. Of thousands of records, only the rows are kept. */
interface Row {
  namespace: string
  createdAt: string
  cells: string[]
}

const byNamespaceAndAge = (a: Row, b: Row): number =>
  a.namespace.localeCompare(b.namespace) || a.createdAt.localeCompare(b.createdAt)

/** All restores together tell which one is in service; of each, no more than that is kept. */
async function restoresServing(session: Session, kind: OperationKind | undefined): Promise<Served[]> {
  const found: Served[] = []
  if (kind !== 'restore') return found
  for await (const { record } of eachOperation(session, { kind }))
    if (record !== undefined) found.push(servedBy(record))
  return found
}

/** The rows of all of one kind, or of all kinds, in one namespace, in no order. */
async function rowsOf(
  session: Session,
  terminal: Terminal,
  output: 'table' | 'wide' | 'name',
  { kind, presentation: present }: Listing,
): Promise<{ titles: string[]; rows: Row[] }> {
  const { columns, name } = present(await restoresServing(session, kind), await keysFor(session, output, kind))
  const shown = columns.filter(({ wide }) => output === 'wide' || wide !== true)
  const rows: Row[] = []
  for await (const stored of eachOperation(session, { kind })) {
    warnUnreadable(terminal, stored)
    const cells = output === 'name' ? [name(stored)] : shown.map(({ value }) => cellOf(value(stored)))
    rows.push({ namespace: session.namespace, createdAt: stored.createdAt ?? '', cells })
  }
  return { titles: shown.map(({ title }) => title), rows }
}

/** The keys that the namespace trusts, where what is shown says who signed it. */
async function keysFor(session: Session, output: OutputFormat, kind: OperationKind | undefined) {
  return kind === 'backup' && output === 'wide' ? knownKeys(session) : undefined
}

/** Prints all of these namespaces, the oldest of each first. @returns how many there are */
async function printRows(
  sessions: readonly Session[],
  terminal: Terminal,
  flags: { output: 'table' | 'wide' | 'name'; allNamespaces: boolean },
  listing: Listing,
): Promise<number> {
  const all: Row[] = []
  let titles: string[] = []
  for (const session of sessions) {
    const of = await rowsOf(session, terminal, flags.output, listing)
    titles = of.titles
    all.push(...of.rows)
  }
  all.sort(byNamespaceAndAge)
  if (flags.output === 'name') for (const { cells } of all) terminal.data(cells.join())
  else if (all.length > 0) {
    const columns = titles.map((title, index) => ({ title, value: ({ cells }: Row) => cells[index] ?? '' }))
    const namespace = { title: 'NAMESPACE', value: (row: Row) => row.namespace }
    terminal.document(formatTable(all, flags.allNamespaces ? [namespace, ...columns] : columns))
  }
  return all.length
}

function warnUnreadable(terminal: Terminal, { problem }: StoredRecord): void {
  if (problem !== undefined) terminal.warning(`${problem.what}: ${problem.why}; ${problem.next}`)
}

/** Prints the named ones in the order of the command line. @throws Failure where one is not known */
async function printNamed(
  session: Session,
  terminal: Terminal,
  { names, output }: { names: readonly string[]; output: OutputFormat },
  { kind, presentation: present }: Listing,
): Promise<void> {
  const found = await Promise.all(names.map((name) => findOperation(session, name, kind)))
  for (const stored of found) warnUnreadable(terminal, stored)
  const presentation = present(await restoresServing(session, kind), await keysFor(session, output, kind))
  const [only] = found
  if (names.length === 1 && only !== undefined) printOne(terminal, output, only, presentation)
  else printList(terminal, output, found, presentation)
}

/** The records of these namespaces as they are read, page by page. */
async function* eachOf(
  sessions: readonly Session[],
  terminal: Terminal,
  kind: OperationKind | undefined,
): AsyncGenerator<StoredRecord> {
  for (const session of sessions)
    for await (const stored of eachOperation(session, { kind })) {
      warnUnreadable(terminal, stored)
      yield stored
    }
}

function fromStorageAlone(): Failure {
  return new Failure(
    {
      what: '--from does not go with that',
      why: 'it lists every backup of one storage',
      next: 'write `get backups --from LOCATION`, without names and -A',
    },
    { exitCode: ExitCode.usage },
  )
}

/** Lists what the records say. Operations whose Job ended without a final record are shown as ended. */
export const runGet: Action<GetFlags> = async (flags, session, terminal) => {
  const listing = listings[flags.what]
  const names = flags.names ?? []
  const { output, allNamespaces } = flags
  if (flags.from !== undefined && (listing !== backups || names.length > 0 || allNamespaces)) throw fromStorageAlone()
  if (names.length > 0 && allNamespaces)
    throw new Failure(
      {
        what: `${names.join(', ')} cannot be looked for in every namespace`,
        why: 'a name means something in one namespace only',
        next: 'give -n NAMESPACE, or -A without names',
      },
      { exitCode: ExitCode.usage },
    )
  if (names.length > 0) {
    await printNamed(session, terminal, { names, output }, listing)
    return ExitCode.done
  }
  if (flags.from !== undefined) {
    const found = await backupsAt(session, terminal, flags.from, flags)
    const presentation = backupPresentation()
    // What is listed has not all that was signed; an import verifies it.
    const columns = presentation.columns.filter(({ title }) => title !== 'SIGNED BY')
    printList(terminal, output, found, { ...presentation, columns })
    return ExitCode.done
  }
  const namespaces = allNamespaces ? await namespacesWithOperations(session) : [session.namespace]
  const sessions = namespaces.map((namespace) => ({ ...session, namespace }))
  if (output === 'json' || output === 'yaml')
    await streamList(terminal, output, eachOf(sessions, terminal, listing.kind), listing.presentation([]))
  else if ((await printRows(sessions, terminal, { output, allNamespaces }, listing)) === 0 && output !== 'name')
    terminal.note(
      `There are no ${listing.title} in ${allNamespaces ? 'any namespace' : `namespace ${session.namespace}`}.`,
    )
  return ExitCode.done
}
