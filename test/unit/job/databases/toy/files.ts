import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { Failure } from '../../../../../operation/failure.ts'

const bookSchema = z.object({
  /** the restore that made it and found it whole; the file of a killed one has none */
  restoredBy: z.string().optional(),
  rows: z.array(z.string()),
})
export type Book = z.infer<typeof bookSchema>

/** The file in service, and what keeps anybody from putting another in its place. */
export const inService = 'book.json'
export const lock = 'lock'

/** What a file of rows holds; undefined where there is none. */
export async function readBook(folder: string, name: string): Promise<Book | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : bookSchema.parse(JSON.parse(text))
}

export async function writeBook(folder: string, name: string, book: Book): Promise<void> {
  await writeFile(join(folder, `${name}~`), JSON.stringify(book))
  await rename(join(folder, `${name}~`), join(folder, name))
}

/** @throws Failure where somebody holds the lock */
export async function moveBook(folder: string, from: string, to: string): Promise<void> {
  const holder = await readFile(join(folder, lock), 'utf8').catch(() => undefined)
  if (holder !== undefined)
    throw new Failure({ what: `${from} is not moved`, why: `${holder} has the lock`, next: 'have it released' })
  await rename(join(folder, from), join(folder, to))
}
