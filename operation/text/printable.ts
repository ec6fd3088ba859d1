/** What a terminal obeys instead of showing it, or shows as nothing or in another order; a tab is only space. */
const unprintable = /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

function escaped(match: string): string {
  return match
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

/**
 * One line of text from a server, a record or a pod that may be shown on a terminal: control and format characters
 * stand in it as `\u001b`, line breaks as `\n`. In a JSON string both mean what they meant before.
 */
export function printable(text: string): string {
  return text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replace(unprintable, escaped)
}

/** The same for text of several lines, which stay lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/** Lines below one another, none of which can pass itself off as two. */
export function lines(list: readonly string[]): string {
  return list.map((line) => line.replaceAll('\n', '\\n')).join('\n')
}
