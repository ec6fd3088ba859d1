import type { Argv } from 'yargs'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import type { ExecRequest } from '../../operation/request.ts'
import type { OwnTool } from '../kubernetes/jobs/compose/own-tool.ts'
import type { Globals } from './flags.ts'
import type { FlagsOf } from './flags-of.ts'
import { groups } from './groups.ts'
import { readQuantities } from './job-options.ts'
import { timeSpan } from './numbers.ts'
import { readPairs } from './pairs.ts'

/** The flags of the administrator's own tool. Its command line comes after `--`. */
export function execFlags<T>(yargs: Argv<T>) {
  return yargs
    .option('exec-image', {
      group: groups.ownTool,
      type: 'string',
      requiresArg: true,
      describe:
        'image with your own tool, for databases that this program cannot back up; the command comes last, after `--`',
    })
    .option('exec-timeout', {
      group: groups.ownTool,
      type: 'string',
      requiresArg: true,
      describe: 'how long the command may take; 20s unless given in a pause, else 1h',
    })
    .option('exec-env', {
      group: groups.ownTool,
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'NAME=VALUE of its environment, which everyone who may read Jobs sees; repeatable',
    })
    .option('exec-secret', {
      group: groups.ownTool,
      type: 'string',
      requiresArg: true,
      describe: 'Secret whose keys become variables of its environment',
    })
    .option('exec-limits', {
      group: groups.ownTool,
      type: 'string',
      requiresArg: true,
      describe: 'its resource limits and requests, like cpu=1,memory=2Gi',
    })
}

/** When a backup runs the command. */
export function execPhaseFlag<T>(yargs: Argv<T>) {
  return yargs.option('exec-phase', {
    group: groups.ownTool,
    choices: ['snapshot', 'complete'] as const,
    requiresArg: true,
    describe: 'snapshot (unless given) runs it inside the pause, complete after it',
  })
}

export type ExecFlags = Partial<FlagsOf<typeof execFlags<Globals>>> & {
  execPhase?: 'snapshot' | 'complete' | undefined
  /** the words after `--`, as the parser keeps them */
  '--'?: readonly string[]
}

/** The administrator's own tool: what the worker has to know of it, and its container. */
export interface Exec {
  request: ExecRequest
  tool: OwnTool
}

function usage(what: string, why: string, next: string): Failure {
  return new Failure({ what, why, next }, { exitCode: ExitCode.usage })
}

/**
 * The flags of the administrator's own tool, read and checked.
 * @param pause how long servers may drain and stay paused, ms, where the command may run in the pause
 * @returns undefined where there is none
 * @throws Failure (usage) for flags without a tool, a tool without a command, or a time-out that the pause cannot hold
 */
export function readExec(
  flags: ExecFlags,
  operation: 'backup' | 'restore',
  pause?: { drainMs: number; maxPauseMs: number },
): Exec | undefined {
  const command = flags['--'] ?? []
  const [program] = command
  const image = flags.execImage
  if (image === undefined) {
    const given = {
      phase: flags.execPhase,
      timeout: flags.execTimeout,
      env: flags.execEnv,
      secret: flags.execSecret,
      limits: flags.execLimits,
    }
    const [flag] = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--exec-${name}`]))
    if (flag !== undefined || program !== undefined)
      throw usage(
        `${flag ?? `"${command.join(' ')}" after --`} cannot be used`,
        'it is for your own tool, and no --exec-image names its image',
        'add --exec-image IMAGE, or leave it out',
      )
    return undefined
  }
  if (program === undefined || program === '')
    throw usage(
      '--exec-image has nothing to run',
      'no command is given',
      'write the command last, after `--`: --exec-image IMAGE -- COMMAND ARGUMENTS',
    )
  const phase = operation === 'restore' ? 'restore' : (flags.execPhase ?? 'snapshot')
  const timeout = flags.execTimeout ?? (phase === 'snapshot' ? '20s' : '1h')
  const timeoutMs = timeSpan('--exec-timeout', timeout, 1)
  if (phase === 'snapshot' && pause !== undefined && pause.drainMs + timeoutMs >= pause.maxPauseMs)
    throw usage(
      `--exec-timeout ${timeout} cannot be kept`,
      '--max-pause would end the pause before: the servers may first take all of --max-pause-wait',
      'give a longer --max-pause, or a shorter --exec-timeout or --max-pause-wait; ' +
        'what may run after the pause needs --exec-phase complete',
    )
  return readTool({ image, command, phase, timeout }, flags)
}

interface Command {
  image: string
  /** its program first */
  command: readonly string[]
  phase: ExecRequest['phase']
  timeout: string
}

/** A command with what flags say of its environment. @throws Failure (usage) where that cannot be read */
export function readTool({ image, command, phase, timeout }: Command, flags: ExecFlags): Exec {
  const [program = ''] = command
  return {
    request: { image, program, phase, timeoutMs: timeSpan('--exec-timeout', timeout, 1) },
    tool: {
      image,
      command,
      env: readPairs('--exec-env', flags.execEnv ?? []),
      secret: flags.execSecret,
      limits: flags.execLimits === undefined ? {} : readQuantities('--exec-limits', flags.execLimits),
    },
  }
}
