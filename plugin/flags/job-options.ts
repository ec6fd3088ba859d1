import type { V1Toleration } from '@kubernetes/client-node'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { parseDuration } from '../../operation/duration.ts'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure, messageOf } from '../../operation/failure.ts'
import type { Globals } from './flags.ts'
import type { FlagsOf } from './flags-of.ts'
import type { JobOptions } from '../kubernetes/jobs/compose/complete-job.ts'
import type { guardFlag, jobFlags } from './job-flags.ts'
import { readPairs } from './pairs.ts'

/** The guard's are those of the commands that pause. */
type JobFlags = FlagsOf<typeof jobFlags<Globals>> &
  Partial<Pick<FlagsOf<typeof guardFlag<Globals>>, 'guardNodeSelector'>>

function usage(what: string, why: string, next: string): Failure {
  return new Failure({ what, why, next }, { exitCode: ExitCode.usage })
}

/** @throws Failure (usage) for anything but KEY[=VALUE][:EFFECT] */
export function readToleration(text: string): V1Toleration {
  const match = /^([\w./-]+)(?:=([\w.-]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?$/.exec(text)
  if (match === null)
    throw usage(
      '--toleration cannot be read',
      `"${text}" is not KEY[=VALUE][:EFFECT]`,
      'write it like dedicated=backup:NoSchedule',
    )
  const [, key = '', value, effect] = match
  return {
    key,
    ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }),
    ...(effect === undefined ? {} : { effect }),
  }
}

/** Reads `cpu=200m,memory=512Mi`. */
export function readQuantities(flag: string, text: string): Record<string, string> {
  const quantities = readPairs(flag, text.split(','))
  const wrong = Object.entries(quantities).find(([, quantity]) => !/^\d+(\.\d+)?(m|[kMGTPE]i?|Ki)?$/.test(quantity))
  if (wrong !== undefined)
    throw usage(
      `${flag} cannot be read`,
      `"${wrong[1]}" is not a quantity`,
      `write it like ${flag} cpu=200m,memory=512Mi`,
    )
  return quantities
}

/** Reads a merge patch, given as JSON or as @FILE. */
function readPatch(text: string): Record<string, unknown> {
  let patch: unknown
  try {
    patch = parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text)
  } catch (error) {
    throw usage('--patch cannot be read', messageOf(error), 'give a JSON object, or @FILE with one in JSON or YAML')
  }
  if (typeof patch === 'object' && patch !== null && !Array.isArray(patch)) return { ...patch }
  throw usage('--patch cannot be read', 'it is not an object', `write it like '{"spec":{"backoffLimit":1}}'`)
}

/**
 * A registry's host, and a path in it: no scheme and no tag.
 * @throws Failure (usage)
 */
export function readMirror(text: string | undefined): string | undefined {
  if (text === undefined || /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*\/?$/i.test(text)) return text
  throw usage(
    '--registry-mirror cannot be read',
    `"${text}" is no HOST[/PATH]`,
    'write it like --registry-mirror registry.example.com/ghcr',
  )
}

/**
 * The Job flags, read and checked.
 * @throws Failure (usage) for the first that cannot be read
 */
export function readJobOptions(flags: JobFlags): JobOptions {
  if (flags.image !== undefined && flags.registryMirror !== undefined)
    throw usage(
      '--image and --registry-mirror exclude each other',
      '--image names its registry',
      'leave one of them out',
    )
  return {
    image: flags.image,
    registryMirror: readMirror(flags.registryMirror),
    imagePullPolicy: flags.imagePullPolicy,
    imagePullSecrets: flags.imagePullSecret ?? [],
    serviceAccount: flags.serviceAccount,
    nodeSelector: readPairs('--node-selector', flags.nodeSelector ?? []),
    guardNodeSelector: readPairs('--guard-node-selector', flags.guardNodeSelector ?? []),
    tolerations: (flags.toleration ?? []).map(readToleration),
    requests: flags.requests === undefined ? {} : readQuantities('--requests', flags.requests),
    limits: flags.limits === undefined ? {} : readQuantities('--limits', flags.limits),
    env: readPairs('--env', flags.env ?? []),
    patch: flags.patch === undefined ? {} : readPatch(flags.patch),
    ttlSeconds: Math.round(parseDuration(flags.ttl) / 1000),
  }
}
