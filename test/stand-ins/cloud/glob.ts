/** Whether a text is of a pattern in which * stands for any characters. */
export function matches(pattern: string, text: string): boolean {
  return new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`, 's').test(text)
}
