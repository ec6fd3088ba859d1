import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'
import { Failure } from '../../operation/failure.ts'
import { projectFolder } from '../project.ts'

/**
 * The licenses and notices of the packages of which a bundle holds a part, as most of them ask of whoever passes them
 * on. @throws Failure where a package comes without a license that is known
 */
export function licensesOf(metafiles: readonly Metafile[]): string {
  const texts = foldersOf(metafiles).map((folder) => {
    const { name, version, license } = packageIn(folder)
    return `${name} ${version}, license: ${license ?? 'see below'}\n\n${licenseText(folder)}`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

/** The packages of which a bundle holds a part, each as NAME@VERSION. */
export function packagesOf(metafiles: readonly Metafile[]): string[] {
  return foldersOf(metafiles).map((folder) => {
    const { name, version } = packageIn(folder)
    return `${name}@${version}`
  })
}

function foldersOf(metafiles: readonly Metafile[]): string[] {
  const inputs = metafiles.flatMap((metafile) => Object.keys(metafile.inputs))
  return [...new Set(inputs.flatMap((input) => packageFolder(input) ?? []))].sort()
}

function packageIn(folder: string): Package {
  return JSON.parse(readFileSync(join(projectFolder, folder, 'package.json'), 'utf8')) as Package
}

interface Package {
  name: string
  version: string
  license?: string | undefined
  author?: string | { name: string }
}

/** The folder of the package that a bundled file is of, relative to the project; undefined for the project's own. */
export function packageFolder(input: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]
}

function licenseText(folder: string): string {
  const names = readdirSync(join(projectFolder, folder)).sort()
  const read = (name: string) => readFileSync(join(projectFolder, folder, name), 'utf8')
  const license = names.find((name) => /^(un)?licen[cs]e|^copying/i.test(name))
  const notices = names.filter((name) => /^(copyright)?notice/i.test(name)).map(read)
  if (license !== undefined) return [read(license), ...notices].join('\n')
  const readme = names.filter((name) => /^readme/i.test(name)).map(read)
  const section = licenseSection(readme[0] ?? '')
  if (section.includes('Permission is hereby granted')) return `${section}\n`
  // Old packages name it in their README alone.
  const named = section === 'MIT' ? section : undefined
  return standardText({ license: named, ...packageIn(folder) })
}

/** What a README says under its heading "License"; empty where it has none. */
export function licenseSection(readme: string): string {
  return /^(?:#+ )?licen[cs]e\n(?:[=-]+\n)?(.*?)(?=^#|$(?![^]))/ims.exec(readme)?.[1]?.trim() ?? ''
}

/** The text that a package means which names a license and has no copy of it. */
function standardText({ name, license, author }: Package): string {
  const holder = typeof author === 'object' ? author.name : author
  if (license === 'Apache-2.0') return readFileSync(join(projectFolder, 'LICENSE'), 'utf8')
  if (license === 'MIT') return `Copyright (c) ${holder ?? `the authors of ${name}`}\n\n${mit}`
  throw new Failure({
    what: `${name} cannot be passed on`,
    why: `it has no file with its license, ${license ?? 'which it does not name'}`,
    next: 'Do without this package, or let build/bundle/licenses.ts know the text.',
  })
}

/** https://spdx.org/licenses/MIT.html, below the copyright */
const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`
