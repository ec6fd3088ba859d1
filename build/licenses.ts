import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'
import { projectFolder } from './project.ts'

/** The licenses of the packages of which a bundle holds a part, as most of them ask of whoever passes them on. */
export function licensesOf(metafile: Metafile): string {
  const texts = foldersOf(metafile).map((folder) => {
    const { name, version, license } = packageIn(folder)
    return `${name} ${version}, license: ${license ?? 'see below'}\n\n${licenseText(folder)}`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

/** The packages of which a bundle holds a part, each as NAME@VERSION. */
export function packagesOf(metafile: Metafile): string[] {
  return foldersOf(metafile).map((folder) => {
    const { name, version } = packageIn(folder)
    return `${name}@${version}`
  })
}

function foldersOf(metafile: Metafile): string[] {
  return [...new Set(Object.keys(metafile.inputs).flatMap((input) => packageFolder(input) ?? []))].sort()
}

function packageIn(folder: string): Package {
  return JSON.parse(readFileSync(join(projectFolder, folder, 'package.json'), 'utf8')) as Package
}

interface Package {
  name: string
  version: string
  license?: string
}

/** The folder of the package that a bundled file is of, relative to the project; undefined for the project's own. */
export function packageFolder(input: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]
}

function licenseText(folder: string): string {
  const file = readdirSync(join(projectFolder, folder)).find((name) => /^(licen[cs]e|copying)/i.test(name))
  return file === undefined ? '' : readFileSync(join(projectFolder, folder, file), 'utf8')
}
