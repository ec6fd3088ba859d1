import { randomBytes } from 'node:crypto'
import { styleText } from 'node:util'
import { printable } from '../../operation/text/printable.ts'
import type { Terminal } from './terminal.ts'

const formats = {
  bold: 'bold',
  dim: 'dim',
  red: 'red',
  green: 'green',
  yellow: 'yellow',
  alarm: ['bold', 'white', 'bgRed'],
} as const
type Kind = keyof typeof formats

/** How this process writes for people. */
export interface Paint {
  style: Terminal['style']
  /**
   * One line, ready to be written. Only what `style` made becomes colour: text that came from elsewhere cannot know the
   * mark that stands for it, and is shown escaped (as CVE-2021-25743 taught kubectl). A line longer than 16 Ki
   * characters is cut.
   */
  line(text: string): string
  /** The same without colour. */
  plain(text: string): string
}

/** Longer than any line that helps a person. Characters. */
const longestLine = 16 * 1024

/** Colour where `stream` is a terminal and neither NO_COLOR nor TERM=dumb forbids it. */
export function paintFor(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Paint {
  const wanted = stream.isTTY && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb'
  const secret = randomBytes(16).toString('hex')
  const marks = new RegExp(`(${secret}[a-z]+[+-])`)
  const codes = new Map(
    (Object.keys(formats) as Kind[]).flatMap((kind): [string, string][] => {
      const [open = '', close = ''] = styleText([formats[kind]].flat(), '|', { validateStream: false }).split('|')
      return [
        [`${secret}${kind}+`, open],
        [`${secret}${kind}-`, close],
      ]
    }),
  )
  const write = (text: string, codeOf: (mark: string) => string) => {
    let left = longestLine
    const parts = text.split(marks).map((part) => {
      if (codes.has(part)) return codeOf(part)
      const shown = part.slice(0, left)
      left -= shown.length
      return printable(shown)
    })
    const length = text.split(marks).reduce((sum, part) => sum + (codes.has(part) ? 0 : part.length), 0)
    return length > longestLine ? `${parts.join('')}… (${length - longestLine} more characters)` : parts.join('')
  }
  return {
    style: (kind, text) => (wanted ? `${secret}${kind}+${text}${secret}${kind}-` : text),
    line: (text) => write(text, (mark) => codes.get(mark) ?? ''),
    plain: (text) => write(text, () => ''),
  }
}
