import * as z from 'zod'
import { formatDuration } from '../../operation/duration.ts'
import { Failure, messageOf } from '../../operation/failure.ts'
import type { Finding } from '../../operation/finding.ts'
import type { CommandRun, OperationRecord } from '../../operation/record.ts'
import { mounts, type ExecRequest } from '../../operation/request.ts'
import { printable } from '../../operation/text/printable.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { execLink, type CommandEnd, type ExecLink } from './exec-link.ts'

/** What is known where the command is started. */
export interface Moment {
  /** the databases that it is for, for people and without secrets */
  databases: readonly string[]
  /** aborted where the command has to end at once, beside its own time-out */
  signal: AbortSignal
  /** the pause that it runs in: the last Pause answer, and when the pause ends by itself, ms since the epoch */
  pause?: { allPausedAt: string; endsAtMs: number } | undefined
  /** what the backup's command said it has made, for a restore */
  artefacts?: readonly string[]
  /** ScalarDB's properties of the database, for a schema loader, and the secret in them, which no log may show */
  properties?: { text: string; secret: string }
}

/** The administrator's own tool, as the databases that need it see it. */
export interface OperatorCommand {
  readonly phase: ExecRequest['phase']
  readonly timeoutMs: number
  /** for people */
  readonly title: string
  /** waits until its container stands ready, each time anew */
  preflight(): Promise<Finding[]>
  /**
   * Runs the command and waits for its end. In a pause it runs once a pause, and the record lists the pauses. After
   * one, and in a restore, what an earlier worker has started is never started again: its result is answered where it
   * is known. A schema loader repairs what lacks something and leaves the rest, so it alone is run again.
   * @returns what it said it has made
   * @throws Failure where it fails, takes too long or was lost with its worker; the signal's reason
   */
  run(moment: Moment): Promise<string[]>
  /** whether it was started for this pause or this restore, by this worker or an earlier one */
  wasStarted(): boolean
}

type Context = Pick<OperationContext<'backup' | 'restore'>, 'events' | 'journal' | 'record' | 'request' | 'signal'>

/** How long the container may take to stand ready, ms: the kubelet starts it before the worker. */
const readyMs = 60_000

const check = 'own tool'

/**
 * The command of a request; undefined where it names none.
 * @param link to its container
 */
export function operatorCommand(context: Context, link: ExecLink = execLink(mounts.exec)): OperatorCommand | undefined {
  const { journal, record, request, signal } = context
  const { exec } = request
  if (exec === undefined) return undefined
  const title = `${nameOf(exec)} in ${exec.image}`
  let runs = 0
  // A command that belongs to an earlier pause is not taken for one of this.
  const step = () =>
    exec.phase === 'restore' ? 'run the command' : `run the command of pause ${record.current.windows.length}`

  const start = async (moment: Moment) => {
    runs += 1
    return await runOnce(context, exec, link, runs, moment)
  }
  return {
    phase: exec.phase,
    timeoutMs: exec.timeoutMs,
    title,
    async preflight() {
      const trouble = await link.ready(readyMs, signal)
      return [
        trouble === undefined
          ? { check, subject: title, outcome: 'ok', message: 'its container stands ready' }
          : {
              check,
              subject: title,
              outcome: 'error',
              message: printable(trouble),
              cure: 'give an image that has the program, or the path of one that is there, after `--`',
            },
      ]
    },
    async run(moment) {
      // Nothing is written inside a pause. Its record was written before it began, and tells of the run.
      if (exec.phase === 'snapshot') return await start(moment)
      if (exec.phase === 'repair') {
        await journal.ensure('run the schema loader', async () => void (await start(moment)))
        return []
      }
      const known = z.array(z.string()).safeParse(journal.result(step()))
      if (known.success) return known.data
      if (journal.begun(step())) throw lostWithWorker(title)
      return await journal.once(step(), () => start(moment))
    },
    wasStarted: () => journal.begun(step()),
  }
}

async function runOnce(
  context: Context,
  exec: ExecRequest,
  link: ExecLink,
  number: number,
  moment: Moment,
): Promise<string[]> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), exec.timeoutMs)
  const run = noteRun(context, exec)
  let end: string
  try {
    const ended = await link.run({
      number,
      env: { ...factsOf(context, moment), SCALARDL_RUN: String(run.count) },
      artefacts: moment.artefacts ?? [],
      properties: moment.properties?.text,
      heard: (line) => context.events.say('note', `${nameOf(exec)}: ${printable(without(line, moment))}`),
      signal: AbortSignal.any([moment.signal, limit.signal]),
    })
    end = endText(ended)
  } catch (error) {
    if (!limit.signal.aborted || moment.signal.aborted) {
      run.ended(`stopped: ${messageOf(error)}`, [])
      throw error
    }
    end = `it took longer than ${formatDuration(exec.timeoutMs)} (--exec-timeout) and was told to end`
  } finally {
    clearTimeout(timer)
  }
  // What a failed one has made is to be removed by the administrator.
  const artefacts = (await link.artefacts(number)).map(printable)
  run.ended(end, artefacts)
  if (end === succeeded) return artefacts
  throw new Failure({
    what: `${exec.phase === 'repair' ? 'the schema loader' : `${exec.program}, your own tool,`} failed`,
    why: end,
    next: `see what it said: kubectl scalardl logs ${context.request.operation} -n ${context.request.namespace}`,
  })
}

/** What people call it. */
function nameOf({ phase, program }: ExecRequest): string {
  return phase === 'repair' ? 'schema loader' : program
}

/** A line of output without the secret that the command was given. */
function without(line: string, { properties }: Moment): string {
  return properties === undefined ? line : line.replaceAll(properties.secret, '…')
}

/** Tells the record of a run, beside the work: nobody waits for a save inside a pause. */
function noteRun({ record, request }: Context, exec: ExecRequest) {
  const run: CommandRun = {
    startedAt: new Date().toISOString(),
    ...(exec.phase === 'snapshot' ? { window: record.current.windows.length } : {}),
    artefacts: [],
  }
  const save = (change: (record: OperationRecord) => void) => {
    record.update(change).catch(() => undefined)
  }
  save((current) => {
    const part = request.kind === 'backup' ? current.backup : current.restore
    if (part === undefined) return
    const { image, phase, program } = exec
    part.command ??= { image, phase, program, runs: [] }
    part.command.runs.push(run)
  })
  const part = request.kind === 'backup' ? record.current.backup : record.current.restore
  return {
    count: part?.command?.runs.length ?? 1,
    ended: (end: string, artefacts: string[]) =>
      save(() => void Object.assign(run, { finishedAt: new Date().toISOString(), end, artefacts })),
  }
}

const succeeded = 'exit code 0'

function endText(end: CommandEnd): string {
  switch (end.how) {
    case 'exited':
      return `exit code ${end.code}${meaningOf(end.code)}`
    case 'failed':
      return printable(end.why)
    case 'lost':
      return 'its container was started anew while it ran; too little memory (--exec-limits) is the usual cause'
  }
}

/** What a shell means by an exit code; empty where it is a matter of the program. */
function meaningOf(code: number): string {
  if (code === 126) return ', which a shell gives for what cannot be executed'
  if (code === 127) return ', which a shell gives for a program that it does not find'
  if (code === 137) return ': it was killed; too little memory (--exec-limits) is the usual cause'
  return ''
}

function lostWithWorker(title: string): Failure {
  return new Failure({
    what: `${title}, your own tool, was started and nobody knows how it ended`,
    why: 'its worker was killed meanwhile, and it is not run twice',
    next: 'look at what it has made, remove that, and run the operation again',
  })
}

/** What the command's environment tells it. Times are RFC 3339, UTC. */
function factsOf({ record, request }: Context, { databases, pause }: Moment): Record<string, string> {
  const { backup, restore, windows } = record.current
  // What a restore runs in its pause is told of that; what a backup runs later, of the window that is over.
  const window = restore === undefined ? windows.at(-1) : undefined
  const endsAt = pause === undefined ? undefined : new Date(pause.endsAtMs).toISOString()
  const facts = {
    SCALARDL_PHASE: request.exec?.phase,
    SCALARDL_NAMESPACE: request.namespace,
    SCALARDL_RELEASES: record.current.releases.join(','),
    SCALARDL_DATABASES: databases.join(','),
    SCALARDL_BACKUP: (restore?.backup ?? request.operation).replace(/^backup-/, ''),
    SCALARDL_RESTORE_POINT: restore?.restorePoint ?? backup?.restorePoint,
    SCALARDL_WINDOW_START: (pause ?? window)?.allPausedAt,
    SCALARDL_WINDOW_END: endsAt ?? window?.unpauseSentAt,
  }
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
