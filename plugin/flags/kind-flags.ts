import type { Argv } from 'yargs'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import type { DatabaseFlags } from '../../operation/request.ts'
import { knownKinds } from '../../operation/databases/registry.ts'
import type { FlagTexts, KnownKind } from '../../operation/databases/kind.ts'

/** The title of a kind of database before what a flag means to it. */
const ofKind = /^([A-Z][\w ]*): /

/**
 * How a flag is described that only some kinds of database understand: as those tell of it. Hidden where none does.
 * @param textOf what a kind tells of the flag
 */
export function ofKinds(
  textOf: (flags: FlagTexts) => string | undefined,
  kinds: readonly KnownKind[] = knownKinds,
): { describe: string; hidden: boolean } {
  const texts = kinds.flatMap(({ flags }) => textOf(flags) ?? [])
  const byMeaning = Map.groupBy(texts, (text) => text.replace(ofKind, ''))
  const described = [...byMeaning].map(([meaning, said]) => {
    const titles = new Set(said.flatMap((text) => ofKind.exec(text)?.[1] ?? []))
    return titles.size === 0 ? meaning : `${[...titles].join(', ')}: ${meaning}`
  })
  return { describe: described.join('; '), hidden: texts.length === 0 }
}

/** The flag that says who runs a server, since its URL is like that of any other. */
const managedFlag = 'managed'
const managedKinds = knownKinds.filter(({ isManaged }) => isManaged === true)

/** Adds the flags that one kind of database alone understands, and the one that tells such kinds. */
export function ownFlags<T>(yargs: Argv<T>): Argv<T> {
  for (const { name, describe } of knownKinds.flatMap((kind) => kind.ownFlags ?? []))
    yargs.option(name, { type: 'string', requiresArg: true, describe })
  return yargs.option(managedFlag, {
    type: 'string',
    requiresArg: true,
    choices: managedKinds.map(({ name }) => name),
    describe:
      'the service that runs the servers of JDBC URLs and keeps their past; ' +
      'a restore point there then takes the place of a dump: ' +
      managedKinds.map(({ name, title }) => `${name} (${title})`).join(', '),
  })
}

/**
 * What the flags say of the databases, for `target.databases`; empty where they say nothing.
 * @param hasOwnTool whether the administrator's own tool does the work
 */
export function readDatabaseFlags(flags: object, hasOwnTool: boolean): { databases?: DatabaseFlags } {
  const own = Object.fromEntries(
    knownKinds
      .flatMap((kind) => kind.ownFlags ?? [])
      .flatMap(({ name }) => {
        const value: unknown = Reflect.get(flags, camelCase(name))
        return typeof value === 'string' && value !== '' ? [[name, value]] : []
      }),
  )
  const managed: unknown = Reflect.get(flags, managedFlag)
  const said = {
    ...(typeof managed === 'string' ? { managed } : {}),
    ...(hasOwnTool ? { ownTool: true as const } : {}),
    ...(Object.keys(own).length === 0 ? {} : { own }),
  }
  return Object.keys(said).length === 0 ? {} : { databases: said }
}

/** Adds the flags that name namespaces in whose pods the worker may run commands. */
export function execFlagsOfKinds<T>(yargs: Argv<T>): Argv<T> {
  for (const { flag, describe } of knownKinds.flatMap((kind) => kind.execIn ?? []))
    yargs.option(flag, { type: 'string', array: true, requiresArg: true, describe })
  return yargs
}

/** Adds the flags that name a Secret in these namespaces. */
export function execSecretFlagsOfKinds<T>(yargs: Argv<T>): Argv<T> {
  for (const { flag, describe } of knownKinds.flatMap((kind) => kind.execIn?.secret ?? []))
    yargs.option(flag, { type: 'string', requiresArg: true, describe })
  return yargs
}

/**
 * The Secrets that these flags name, which a Role names in turn.
 * @param namespaces that the other flags name
 * @throws Failure (usage) for what is no such name, or where no namespace is named
 */
export function readExecSecrets(flags: object, namespaces: readonly string[]): string[] {
  const named = knownKinds
    .flatMap((kind) => kind.execIn?.secret ?? [])
    .flatMap(({ flag }) => {
      const name: unknown = Reflect.get(flags, camelCase(flag))
      if (name === undefined) return []
      if (typeof name === 'string' && /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) return [name]
      throw new Failure(
        { what: `--${flag} cannot be read`, why: `"${String(name)}" is no name of a Secret`, next: 'write its name' },
        { exitCode: ExitCode.usage },
      )
    })
  if (named.length === 0 || namespaces.length > 0) return named
  const flagsOfNamespaces = knownKinds.flatMap(({ execIn }) => (execIn?.secret ? [`--${execIn.flag}`] : []))
  throw new Failure(
    {
      what: 'the flags of install do not go together',
      why: `a Secret, ${named.join(', ')}, is named and no namespace that it is in`,
      next: `name that too: ${flagsOfNamespaces.join(', ')}`,
    },
    { exitCode: ExitCode.usage },
  )
}

/** The namespaces that these flags name, each once. @throws Failure (usage) for what is no name of a namespace */
export function readExecNamespaces(flags: object): string[] {
  const named = knownKinds
    .flatMap((kind) => kind.execIn ?? [])
    .flatMap(({ flag }) => {
      const values: unknown = Reflect.get(flags, camelCase(flag))
      return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : []
    })
  const wrong = named.find((name) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
  if (wrong === undefined) return [...new Set(named)].sort()
  throw new Failure(
    {
      what: 'a namespace cannot be read',
      why: `"${wrong}" is no name of a namespace`,
      next: 'write it like my-database',
    },
    { exitCode: ExitCode.usage },
  )
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_whole, letter: string) => letter.toUpperCase())
}
