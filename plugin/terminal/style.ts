import { styleText } from 'node:util'
import type { Terminal } from './terminal.ts'

const formats = {
  bold: 'bold',
  dim: 'dim',
  red: 'red',
  green: 'green',
  yellow: 'yellow',
  alarm: ['bold', 'white', 'bgRed'],
} as const

/** Colour where `stream` is a terminal and neither NO_COLOR nor TERM=dumb forbids it. */
export function styleFor(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Terminal['style'] {
  const wanted = stream.isTTY && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb'
  return (kind, text) => (wanted ? styleText([formats[kind]].flat(), text, { validateStream: false }) : text)
}
