import { createHash } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { distFolder } from './project.ts'

/** A hash of texts and of the contents of files, in lower-case hex. */
export async function hashOf(inputs: { texts?: string[]; files?: string[] }): Promise<string> {
  const hash = createHash('sha256')
  for (const text of inputs.texts ?? []) hash.update(`${text.length} ${text}`)
  for (const file of inputs.files ?? []) for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Makes a product of the build unless it is there and was made of the same inputs. Returns whether it was made. */
export async function unlessMade(product: string, inputs: string, make: () => Promise<void>): Promise<boolean> {
  const mark = join(distFolder, '.made-of', basename(product))
  if (existsSync(product) && existsSync(mark) && readFileSync(mark, 'utf8') === inputs) return false
  await make()
  mkdirSync(join(distFolder, '.made-of'), { recursive: true })
  writeFileSync(mark, inputs)
  return true
}
