import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

/** The top folder of the project. */
export const projectFolder = fileURLToPath(new URL('..', import.meta.url))

/** Where the build leaves its products. */
export const distFolder = join(projectFolder, 'dist')

/** The version in package.json. */
export function projectVersion(): string {
  const { version } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as { version: string }
  return version
}
