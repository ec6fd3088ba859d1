import type { Paint } from './style.ts'
import type { Progress, Terminal } from './terminal.ts'

const marks: Record<'succeed' | 'warn' | 'fail', readonly ['green' | 'yellow' | 'red', string]> = {
  succeed: ['green', '✔'],
  warn: ['yellow', '⚠'],
  fail: ['red', '✖'],
}

/**
 * Plain lines for a log: one when it begins, one when it ends, and one for every change between that says something
 * new.
 */
function plainProgress(stream: NodeJS.WriteStream, { line, style }: Paint): Terminal['begin'] {
  return (text) => {
    let last = text
    const write = (text: string) => void stream.write(`${line(text)}\n`)
    write(text)
    const end = (kind: keyof typeof marks) => (text: string) => write(`${style(...marks[kind])} ${text}`)
    return {
      update(text) {
        if (text !== last) write(text)
        last = text
      },
      succeed: end('succeed'),
      warn: end('warn'),
      fail: end('fail'),
    }
  }
}

/** A spinner where a person watches, plain lines in CI, in pipes and on dumb terminals. */
export async function openProgress(
  stream: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv,
  paint: Paint,
): Promise<Terminal['begin']> {
  // a terminal without a size (some containers' are) would have the spinner clear lines for ever
  const watched =
    stream.isTTY && stream.columns > 0 && environment['TERM'] !== 'dumb' && (environment['CI'] ?? '') === ''
  if (!watched) return plainProgress(stream, paint)
  const { default: ora } = await import('ora')
  const color = (environment['NO_COLOR'] ?? '') === '' ? 'cyan' : false
  return (text): Progress => {
    // stdin stays as it is: raw mode would take Ctrl-C away from us
    const spinner = ora({ text: paint.line(text), stream, color, discardStdin: false }).start()
    const end = (kind: keyof typeof marks) => (text: string) =>
      void spinner.stopAndPersist({ symbol: paint.line(paint.style(...marks[kind])), text: paint.line(text) })
    return {
      update(text, board) {
        spinner.text = (board ?? [text]).map(paint.line).join('\n')
      },
      succeed: end('succeed'),
      warn: end('warn'),
      fail: end('fail'),
    }
  }
}
