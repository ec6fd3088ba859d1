import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { Failure } from '../operation/failure.ts'
import { installPackages } from './packages.ts'
import { run } from './processes.ts'

export interface Requirements {
  /** what cannot be done without, as in "A local Kubernetes" */
  purpose: string
  /** programs, each with the Debian package that has it */
  programs: Readonly<Record<string, string>>
  /** further Debian packages, known to be missing */
  packages?: string[]
  /** the oldest Go that will do, as in 1.25; none when not given */
  go?: string
  /** what a person may do instead */
  otherwise: string
}

/**
 * Sees that this machine has what a purpose needs, and installs the Debian packages that it lacks.
 * Throws one Failure that names everything missing at once.
 */
export async function meetRequirements(requirements: Requirements): Promise<void> {
  const problems: string[] = []
  const packages = missingPackages(requirements)
  if (process.platform !== 'linux') problems.push(`it needs Linux, and this is ${process.platform}`)
  if (process.getuid?.() !== 0) problems.push('it makes namespaces and mounts, which needs root, and this user is not')
  if (packages.length > 0 && findProgram('apt-get') === undefined) {
    problems.push(`there is no apt-get to install these Debian packages, which are missing: ${packages.join(', ')}`)
  }
  if (requirements.go !== undefined) problems.push(...(await goProblems(requirements.go)))
  if (problems.length > 0) {
    throw new Failure({
      what: `${requirements.purpose} cannot be made on this machine`,
      why: problems.join('; '),
      next: `Mend all of it and run the command again, or ${requirements.otherwise}.`,
    })
  }
  if (packages.length > 0) await installPackages(packages)
}

/** The full path of a program, or undefined. The folders of system programs count even where PATH lacks them. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/go/bin']
  return folders.map((folder) => join(folder, name)).find((path) => isExecutable(path))
}

function missingPackages({ programs, packages = [] }: Requirements): string[] {
  const missing = Object.entries(programs).filter(([program]) => findProgram(program) === undefined)
  return [...new Set([...packages, ...missing.map(([, name]) => name)])].sort()
}

async function goProblems(oldest: string): Promise<string[]> {
  const wanted = `Go ${oldest} or newer is needed to compile it, once`
  const go = findProgram('go')
  if (go === undefined) return [`${wanted}, and there is no go (https://go.dev/dl)`]
  const version = (await run(go, ['env', 'GOVERSION'])).trim()
  return isAtLeast(version, oldest) ? [] : [`${wanted}, and this is ${version} (https://go.dev/dl)`]
}

/** Whether Go calls itself, as in go1.26.8, at least the version asked for. */
export function isAtLeast(goVersion: string, oldest: string): boolean {
  const numbers = (text: string) => (/(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number)
  const [major = 0, minor = 0] = numbers(goVersion)
  const [oldestMajor = 0, oldestMinor = 0] = numbers(oldest)
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
