import { readMounted } from '../process/mounted-file.ts'

/** The lines of a file that age's tools write: without comments and empty ones; none where there is no file. */
export async function linesOf(path: string): Promise<string[]> {
  const text = (await readMounted(path)) ?? ''
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}
