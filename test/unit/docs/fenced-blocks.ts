// Room: whether the documents say what the program does.
// Read fenced-blocks, commands.test.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from '../../../build/project.ts'

/** A fenced block of a document. */
export interface Block {
  file: string
  language: string
  /** what is of a cloud or of another tool, and is not run here */
  cloud: boolean
  text: string
}

/** The documents for users: the README and everything under docs. */
export const documents = ['README.md', ...globSync('docs/**/*.md', { cwd: projectFolder }).sort()]

/** The fenced blocks of a document; the mark `cloud` stands after the language, where no page shows it. */
export function blocksOf(file: string): Block[] {
  const text = readFileSync(join(projectFolder, file), 'utf8')
  return [...text.matchAll(/^( *)```(\w+)(?: (cloud))?\n(.*?)^\1```$/gms)].map(
    ([, indent = '', language = '', cloud, body = '']) => ({
      file,
      language,
      cloud: cloud !== undefined,
      text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  )
}

/** The commands of a console block; what they print, where the block shows it, begins with no `$`. */
export function commandsOf({ text }: Block): string[] {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const prompted = lines.filter((line) => line.startsWith('$ '))
  if (prompted.length > 0) return prompted.map((line) => line.slice(2))
  return lines.filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('…'))
}

/** The words of a command as a shell has them, without what a comment says. */
export function wordsOf(command: string): string[] {
  const words = [...command.matchAll(/\s+#.*$|'([^']*)'|"([^"]*)"|([^\s'"]+)/g)]
  return words.flatMap(([, single, double, plain]) => single ?? double ?? plain ?? [])
}
