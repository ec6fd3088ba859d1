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

interface Marks {
  secret: string
  /** what each of them stands for */
  codes: ReadonlyMap<string, string>
  each: RegExp
}

function newMarks(): Marks {
  // A part of Node that a command without colour need not wait for.
  const secret = process.getBuiltinModule('node:crypto').randomBytes(16).toString('hex')
  const codes = (Object.keys(formats) as Kind[]).flatMap((kind): [string, string][] => {
    const [open = '', close = ''] = styleText([formats[kind]].flat(), '|', { validateStream: false }).split('|')
    return [
      [`${secret}${kind}+`, open],
      [`${secret}${kind}-`, close],
    ]
  })
  return { secret, codes: new Map(codes), each: new RegExp(`(${secret}[a-z]+[+-])`) }
}

/** Colour where `stream` is a terminal and neither NO_COLOR nor TERM=dumb forbids it. */
export function paintFor(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Paint {
  const wanted = stream.isTTY && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb'
  let marks: Marks | undefined
  const write = (text: string, codeOf: (code: string) => string) => {
    let [left, length] = [longestLine, 0]
    const parts = (marks === undefined ? [text] : text.split(marks.each)).map((part) => {
      const code = marks?.codes.get(part)
      if (code !== undefined) return codeOf(code)
      const shown = part.slice(0, left)
      left -= shown.length
      length += part.length
      return printable(shown)
    })
    return length > longestLine ? `${parts.join('')}… (${length - longestLine} more characters)` : parts.join('')
  }
  return {
    style(kind, text) {
      if (!wanted) return text
      marks ??= newMarks()
      return `${marks.secret}${kind}+${text}${marks.secret}${kind}-`
    },
    line: (text) => write(text, (code) => code),
    plain: (text) => write(text, () => ''),
  }
}
