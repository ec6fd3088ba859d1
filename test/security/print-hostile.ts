// Prints all that the plugin ever prints of records, events, findings and errors, every text in it hostile. An argument
// `tty` has both streams pass for a terminal.
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { eventCodes, type WorkerEvent } from '../../operation/event.ts'
import { Failure } from '../../operation/failure.ts'
import { findingSchema } from '../../operation/finding.ts'
import { parseRecord } from '../../operation/record.ts'
import { describeRecord } from '../../plugin/commands/describe/describe-record.ts'
import { eventLine } from '../../plugin/commands/logs/event-line.ts'
import { dropPlan, restorePlan, undoPlan } from '../../plugin/commands/restore/plan.ts'
import { showServing, showWayBack } from '../../plugin/commands/restore/summary.ts'
import {
  backupPresentation,
  operationPresentation,
  restorePresentation,
} from '../../plugin/presentation/operation-columns.ts'
import { showVerdict } from '../../plugin/presentation/verdict.ts'
import { findingLines } from '../../plugin/terminal/findings.ts'
import { openTerminal } from '../../plugin/terminal/open-terminal.ts'
import { printList, printOne } from '../../plugin/terminal/print.ts'
import { eventView } from '../../plugin/terminal/render-events.ts'
import { showFailure } from '../../plugin/terminal/show-failure.ts'
import { hostileRecord, hostileText } from './hostile-record.ts'
import { laterRecord } from './later-records.ts'

if (process.argv[2] === 'tty')
  for (const stream of [process.stdout, process.stderr]) Object.defineProperty(stream, 'isTTY', { value: true })
const terminal = await openTerminal({ verbose: true })

const folder = resolve(import.meta.dirname, '../unit/records-of-0.1')
const recordsOf01 = readdirSync(folder)
  .filter((name) => name.endsWith('.record.json'))
  .map((file) => parseRecord(readFileSync(resolve(folder, file), 'utf8'), file))
for (const one of [...recordsOf01, laterRecord]) {
  const { record } = hostileRecord(one)
  const step = { name: hostileText, startedAt: hostileText }
  terminal.document(describeRecord(record, [step]))
  showVerdict(terminal, record)
  showServing(terminal, record, record)
  const { backup, restore } = record
  if (backup !== undefined) {
    const choice = { at: hostileText, unproven: true } as const
    const plan = restorePlan(
      { ...record, backup },
      [],
      { dropPrevious: true, replicas: 1, choice, ending: [hostileText] },
      terminal.style,
    )
    terminal.note(...plan.split('\n'))
  }
  if (restore !== undefined) {
    const former = { ...record, kind: 'restore' as const, restore }
    showWayBack(terminal, record)
    terminal.note(
      ...undoPlan(former, [], { replicas: 1, ending: [hostileText] }, terminal.style).split('\n'),
      ...dropPlan(former, [hostileText], terminal.style).split('\n'),
    )
  }
  const stored = { operation: hostileText, kind: record.kind, createdAt: hostileText, record }
  const problem = {
    operation: hostileText,
    kind: record.kind,
    createdAt: hostileText,
    problem: new Failure(textOf(hostileText)),
  }
  for (const format of ['table', 'wide', 'json', 'yaml', 'name'] as const)
    for (const presentation of [operationPresentation, backupPresentation(), restorePresentation([record])]) {
      printList(terminal, format, [stored, problem], presentation)
      printOne(terminal, format, stored, presentation)
    }
}

function textOf(text: string) {
  return { what: text, why: text, next: text }
}

const view = eventView(terminal)
for (const code of [...eventCodes, hostileText])
  for (const level of ['info', 'warning', 'error'] as const) {
    const finding = { check: hostileText, subject: hostileText, outcome: level === 'info' ? 'ok' : level }
    const told = { ...finding, message: hostileText, cure: hostileText }
    const progress = { phase: hostileText, elapsedMs: 1, leftMs: 1000, done: 1, total: 2, unit: hostileText }
    const event: WorkerEvent = {
      seq: 1,
      time: hostileText,
      level,
      code,
      message: hostileText,
      data: { ...told, ...progress },
    }
    view.show(event)
    terminal.data(eventLine(event, terminal.style))
    terminal.note(...findingLines(findingSchema.parse(told), terminal.style))
  }
view.interrupt(hostileText)
showFailure(terminal, new Failure(textOf(hostileText), { cause: new Error(hostileText) }))
terminal.warning(hostileText)
terminal.data(hostileText)
const progress = terminal.begin(hostileText)
progress.update(hostileText, [hostileText])
progress.succeed(hostileText)
terminal.note('x'.repeat(1_000_000))
