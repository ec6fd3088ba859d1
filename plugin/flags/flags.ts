// Room: flags that several commands share, and what is read from them.
// Read flags, flags-of, job-flags, read-target.

import type { Argv } from 'yargs'
import { groups } from './groups.ts'
import type { DryRun } from '../kubernetes/api/apply.ts'
import type { OutputFormat } from '../terminal/terminal.ts'

const formats = ['table', 'wide', 'json', 'yaml', 'name'] as const satisfies readonly OutputFormat[]

/** The flags that every command has; named as kubectl names them. */
export function globalFlags(yargs: Argv) {
  return yargs
    .option('namespace', {
      group: groups.connection,
      alias: 'n',
      type: 'string',
      requiresArg: true,
      describe: "namespace of the releases; the context's own unless given",
    })
    .option('context', {
      group: groups.connection,
      type: 'string',
      requiresArg: true,
      describe: 'context of the kubeconfig to use',
    })
    .option('kubeconfig', {
      group: groups.connection,
      type: 'string',
      requiresArg: true,
      describe: 'path of the kubeconfig file',
    })
    .option('as', { group: groups.connection, type: 'string', requiresArg: true, describe: 'user to impersonate' })
    .option('as-group', {
      group: groups.connection,
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'group to impersonate, repeatable',
    })
    .option('request-timeout', {
      group: groups.connection,
      type: 'string',
      requiresArg: true,
      describe: 'how long one request to the API server may take, like 30s; no limit unless given',
    })
    .option('output', {
      group: groups.output,
      alias: 'o',
      choices: formats,
      default: 'table' as OutputFormat,
      requiresArg: true,
      describe: 'how to print the result',
    })
    .option('verbose', {
      group: groups.output,
      alias: 'v',
      type: 'boolean',
      default: false,
      describe: 'show more, and stack traces of errors',
    })
}

export type GlobalArgv = ReturnType<typeof globalFlags>
/**
 * What globalFlags declares, to name the flags of the other functions that declare some:
 * `FlagsOf<typeof jobFlags<Globals>>`.
 */
export type Globals = GlobalArgv extends Argv<infer Declared> ? Declared : never

/** `--dry-run` of what changes objects. */
export function dryRunFlag<T>(yargs: Argv<T>) {
  return yargs.option('dry-run', {
    choices: ['none', 'client', 'server'] as const,
    default: 'none' as const satisfies DryRun as DryRun,
    requiresArg: true,
    describe:
      'client prints the objects that would be sent, server has the API server check them as well; ' +
      'neither changes anything',
  })
}

/** `--yes` of what destroys something. */
export function yesFlag<T>(yargs: Argv<T>) {
  return yargs.option('yes', {
    alias: 'y',
    type: 'boolean',
    default: false,
    describe: 'do not ask; without a terminal this is the only way to agree',
  })
}
