/**
 * Key, separator and value of a line in a .properties file (java.util.Properties): the key ends at the first `=`, `:`
 * or blank.
 */
const assignment = /^([ \t\f]*)((?:\\.|[^\\=: \t\f])+)([ \t\f]*[=:]?[ \t\f]*)(.*)$/s

/** A logical line: a comment, a blank, or an assignment with the lines that it goes on over. */
interface Line {
  text: string
  key: string | undefined
}

function logicalLines(text: string): Line[] {
  const lines: Line[] = []
  const physical = text.split('\n')
  for (let at = 0; at < physical.length; at += 1) {
    let whole = physical[at] ?? ''
    if (/^[ \t\f]*([#!]|\r?$)/.test(whole)) {
      lines.push({ text: whole, key: undefined })
      continue
    }
    while (endsOpen(whole) && at + 1 < physical.length) {
      at += 1
      whole += `\n${physical[at] ?? ''}`
    }
    lines.push({ text: whole, key: assignment.exec(whole)?.[2]?.replace(/\\(.)/g, '$1') })
  }
  return lines
}

/** An odd number of backslashes at its end joins a line with the next. */
function endsOpen(line: string): boolean {
  return (/(\\+)\r?$/.exec(line)?.[1]?.length ?? 0) % 2 === 1
}

/** The last assignment of a key wins, as in Java; its value as it is written, undefined where there is none. */
export function writtenValue(text: string, key: string): string | undefined {
  const last = logicalLines(text).findLast((line) => line.key === key)
  return last === undefined ? undefined : assignment.exec(last.text)?.[4]?.trimEnd()
}

/**
 * A .properties text with one property set to a value, or removed where the value is undefined. Everything else stays
 * byte for byte: comments, order, templates that the servers fill in.
 * @param value as it is to be written; escaped already where it has to be
 */
export function setProperty(text: string, key: string, value: string | undefined): string {
  const lines = logicalLines(text)
  const at = lines.findLastIndex((line) => line.key === key)
  const others = lines.filter((line, index) => line.key !== key || (index === at && value !== undefined))
  if (value === undefined) return others.map((line) => line.text).join('\n')
  const newline = text.includes('\r\n') ? '\r' : ''
  if (at >= 0) return others.map((line) => (line.key === key ? `${key}=${value}${newline}` : line.text)).join('\n')
  const separator = text === '' || text.endsWith('\n') ? '' : `${newline}\n`
  return `${text}${separator}${key}=${value}${newline}\n`
}
