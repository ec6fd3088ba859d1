import type { Terminal } from '../../../../plugin/terminal/terminal.ts'

/** A terminal that keeps what a person would see: stdout in `data`, the rest in `lines`. */
export function recordingTerminal(answers?: string[]): { terminal: Terminal; data: string[]; lines: string[] } {
  const data: string[] = []
  const lines: string[] = []
  /** a text on stdout whose last line has not ended */
  let open: string | undefined
  const line = (text: string) => void lines.push(text)
  const terminal: Terminal = {
    interactive: answers !== undefined,
    verbose: false,
    data: (...texts) => void data.push(texts.join('\n')),
    document: (text) => void data.push(text),
    async part(text) {
      const whole = `${open ?? ''}${text}`
      if (open !== undefined) data.pop()
      data.push(whole.endsWith('\n') ? whole.slice(0, -1) : whole)
      open = whole.endsWith('\n') ? undefined : whole
    },
    note: (...texts) => line(texts.join('\n')),
    warning: line,
    begin(text) {
      line(text)
      return { update: line, succeed: line, warn: line, fail: line }
    },
    ask: async (question) => {
      line(question)
      return answers?.shift() ?? ''
    },
    style: (_kind, text) => text,
    interrupted: new AbortController().signal,
  }
  return { terminal, data, lines }
}
