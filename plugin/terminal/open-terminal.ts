import { createInterface } from 'node:readline/promises'
import { stripVTControlCharacters } from 'node:util'
import { openProgress } from './progress.ts'
import { styleFor } from './style.ts'
import type { Terminal } from './terminal.ts'

/**
 * The terminal of this process: data on stdout, everything else on stderr.
 * The first Ctrl-C aborts `interrupted`; whoever runs the command decides what a second one does.
 */
export async function openTerminal(options: { verbose: boolean }): Promise<Terminal> {
  const style = styleFor(process.stderr, process.env)
  const interruption = new AbortController()
  process.once('SIGINT', () => interruption.abort())
  const line = (text: string) => void process.stderr.write(`${text}\n`)
  return {
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    verbose: options.verbose,
    // colours are chosen for stderr; a pipe or a file must not get them
    data: (text) => void process.stdout.write(`${process.stdout.isTTY ? text : stripVTControlCharacters(text)}\n`),
    note: line,
    warning: (text) => line(`${style('yellow', 'Warning:')} ${text}`),
    begin: await openProgress(process.stderr, process.env, style),
    async ask(question) {
      const prompt = createInterface({ input: process.stdin, output: process.stderr })
      try {
        return await prompt.question(question, { signal: interruption.signal })
      } catch (error) {
        if (!(error instanceof Error && error.name === 'AbortError')) throw error
        line('')
        return '' // Ctrl-C is no answer either
      } finally {
        prompt.close()
      }
    },
    style,
    interrupted: interruption.signal,
  }
}
