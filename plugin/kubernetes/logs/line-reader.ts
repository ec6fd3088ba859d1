/** Far more than any line of ours; whoever may write to a log need not end a line. Characters */
export const longestLine = 1 << 20

const cutWords = ` … (the line goes on beyond ${longestLine} characters; the rest is left out)`

/** Cuts text into lines as it arrives. Of a line longer than `longestLine` the beginning is kept, and says so. */
export class LineReader {
  readonly #onLine: (line: string) => void
  #line = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  /** What came after the last newline. */
  get unfinished(): string {
    return this.#line
  }

  take(text: string): void {
    const [first = '', ...others] = text.split('\n')
    this.#line = extended(this.#line, first)
    for (const other of others) {
      this.#onLine(this.#line)
      this.#line = extended('', other)
    }
  }
}

function extended(line: string, more: string): string {
  // Longer means that it was cut already.
  if (line.length > longestLine) return line
  const whole = line + more
  return whole.length > longestLine ? whole.slice(0, longestLine) + cutWords : whole
}
