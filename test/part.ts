import { spawn } from 'node:child_process'
import { countsOf, filesOf, skipsOf, type Counted, type Counts, type FileTime, type Skip } from './counts.ts'
import { failuresOf, lastLinesOf, type Failed } from './failures.ts'

/** One command of the whole run. */
export interface Part {
  title: string
  command: readonly string[]
  counted: Counted
}

export interface PartResult {
  title: string
  counts: Counts
  skips: Skip[]
  failures: Failed[]
  files: FileTime[]
  seconds: number
}

/**
 * Runs a part to its end, whatever comes of it.
 * @param say takes its output as it comes
 */
export async function runPart(
  { title, command: [program = '', ...args], counted }: Part,
  say: (text: string) => unknown,
): Promise<PartResult> {
  const startedMs = Date.now()
  say(`\n== ${title}: ${[program, ...args].join(' ')}\n`)
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    said += chunk
    say(chunk)
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
    say(chunk)
  })
  const code = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      say(`${error.message}\n`)
      resolve(1)
    })
    child.on('close', (status) => resolve(status ?? 1))
  })
  const counts = countsOf(output, code, counted)
  const seconds = Math.round((Date.now() - startedMs) / 1000)
  say(`== ${title}: ${wordsOf(counts)} in ${seconds} s\n`)
  const named = failuresOf(output)
  const isUnnamed = counts.failed > 0 && named.length === 0
  const failures = isUnnamed ? [{ path: [title], details: lastLinesOf(said) }] : named
  return { title, counts, skips: skipsOf(output), failures, files: filesOf(output), seconds }
}

/** As the last line of a run says it. */
export function wordsOf({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
