import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { printableLines } from '../../operation/text/printable.ts'
import { openProgress } from './progress.ts'
import { paintFor } from './style.ts'
import type { Terminal } from './terminal.ts'

/**
 * The terminal of this process: data on stdout, everything else on stderr. Nothing is written that was not made
 * printable first, whether or not a terminal is there to obey it.
 * The first Ctrl-C aborts `interrupted`; whoever runs the command decides what a second one does.
 */
export async function openTerminal(options: { verbose: boolean }): Promise<Terminal> {
  const paint = paintFor(process.stderr, process.env)
  const interruption = new AbortController()
  process.once('SIGINT', () => interruption.abort())
  const line = (text: string) => void process.stderr.write(`${paint.line(text)}\n`)
  // colours are chosen for stderr; a pipe or a file must not get them
  const onStdout = process.stdout.isTTY ? paint.line : paint.plain
  return {
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    verbose: options.verbose,
    data: (...lines) => void process.stdout.write(lines.map((text) => `${onStdout(text)}\n`).join('')),
    document: (text) => void process.stdout.write(`${printableLines(text)}\n`),
    async part(text) {
      if (!process.stdout.write(printableLines(text))) await once(process.stdout, 'drain')
    },
    note: (...lines) => lines.forEach(line),
    warning: (text) => line(`${paint.style('yellow', 'Warning:')} ${text}`),
    begin: await openProgress(process.stderr, process.env, paint),
    async ask(question) {
      const prompt = createInterface({ input: process.stdin, output: process.stderr })
      try {
        return await prompt.question(paint.line(question), { signal: interruption.signal })
      } catch (error) {
        if (!(error instanceof Error && error.name === 'AbortError')) throw error
        line('')
        return '' // Ctrl-C is no answer either
      } finally {
        prompt.close()
      }
    },
    style: paint.style,
    interrupted: interruption.signal,
  }
}
