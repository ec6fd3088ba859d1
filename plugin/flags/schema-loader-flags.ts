import type { Argv } from 'yargs'
import type { KnownKind } from '../../operation/databases/kind.ts'
import { kindOfEntry, knownKinds } from '../../operation/databases/registry.ts'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import type { BackupPart, DatabaseBackup } from '../../operation/record.ts'
import { mounts } from '../../operation/request.ts'
import { readTool, type Exec, type ExecFlags } from './exec-flags.ts'
import type { Globals } from './flags.ts'
import type { FlagsOf } from './flags-of.ts'
import { ofKinds } from './kind-flags.ts'
import { groups } from './groups.ts'

/** What starts ScalarDB Schema Loader in the image that Scalar publishes (scalar-labs/scalardb, schema-loader). */
const usualCommand = ['java', '-jar', '/app.jar']
const usualKey = 'schema.json'

/** The flags of ScalarDB's schema loader. It runs as the administrator's own tool does, and takes that one's flags. */
export function schemaLoaderFlags<T>(yargs: Argv<T>, kinds: readonly KnownKind[] = knownKinds) {
  return yargs
    .option('schema-loader-image', {
      type: 'string',
      requiresArg: true,
      ...ofKinds(({ restore }) => restore?.['schema-loader-image'], kinds),
      group: groups.ownTool,
    })
    .option('schema-loader-schema', {
      group: groups.ownTool,
      type: 'string',
      requiresArg: true,
      describe:
        'ConfigMap, or CONFIGMAP/KEY, with its schema file (schema.json unless given); none where the image has it',
    })
}

type SchemaLoaderFlags = ExecFlags & Partial<FlagsOf<typeof schemaLoaderFlags<Globals>>>

/**
 * The flags of ScalarDB's schema loader, read and checked.
 * @returns undefined where there is none
 * @throws Failure (usage) for flags without an image, a second tool, or a schema that names no key of a ConfigMap
 */
export function readSchemaLoader(flags: SchemaLoaderFlags): Exec | undefined {
  const { schemaLoaderImage: image, schemaLoaderSchema: schema } = flags
  if (image === undefined) {
    if (schema !== undefined)
      throw usage(
        '--schema-loader-schema cannot be used',
        'no --schema-loader-image names an image',
        'add --schema-loader-image IMAGE, or leave it out',
      )
    return undefined
  }
  if (flags.execImage !== undefined)
    throw usage(
      '--schema-loader-image and --exec-image exclude each other',
      'one container beside the worker runs one command',
      'leave one of them out',
    )
  const given = flags['--'] ?? []
  const command = [
    ...(given.length === 0 ? usualCommand : given),
    '--config',
    mounts.loaderProperties,
    ...(schema === undefined ? [] : ['--schema-file', mounts.loaderSchema]),
    '--repair-all',
  ]
  const exec = readTool({ image, command, phase: 'repair', timeout: flags.execTimeout ?? '1h' }, flags)
  return schema === undefined ? exec : { ...exec, tool: { ...exec.tool, schema: readKey(schema) } }
}

/** Whether a schema loader may repair what a restore makes of a database. */
export function isRepaired(entry: Pick<DatabaseBackup, 'kind'>): boolean {
  return kindOfEntry(entry)?.flags.restore?.['schema-loader-image'] !== undefined
}

/** A schema loader that repairs the coordinator's tables as well, where the backup has them (`--coordinator`). */
export function withCoordinator(exec: Exec, { databases }: Pick<BackupPart, 'databases'>): Exec {
  const { request, tool } = exec
  const hasCoordinator = databases
    .filter(isRepaired)
    .some(({ tables }) => tables.some(({ schema }) => schema === 'coordinator'))
  if (request.phase !== 'repair' || !hasCoordinator || tool.command.includes('--coordinator')) return exec
  return { request, tool: { ...tool, command: [...tool.command, '--coordinator'] } }
}

function readKey(text: string): { configMap: string; key: string } {
  const [configMap = '', key = usualKey, ...more] = text.split('/')
  if (configMap !== '' && key !== '' && more.length === 0) return { configMap, key }
  throw usage(
    `--schema-loader-schema ${text} cannot be read`,
    'it is neither CONFIGMAP nor CONFIGMAP/KEY',
    'give the name of a ConfigMap, and of its key after a slash where that is not schema.json',
  )
}

function usage(what: string, why: string, next: string): Failure {
  return new Failure({ what, why, next }, { exitCode: ExitCode.usage })
}
