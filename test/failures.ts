/** A failed assertion of a run of tap, or what is known of a command that failed without one. */
export interface Failed {
  /** the file, its tests from the outside in, and the assertion */
  path: string[]
  /** what tap says of it, without the source around it */
  details: string[]
}

const longest = 24

/**
 * What failed in an output, each with its place, so that the end of a run says it all. A failure without a failed
 * assertion (a crash, a check that is not a test) is known by the output's last lines.
 */
export function failuresOf(output: string): Failed[] {
  const open: string[] = []
  const failed: Failed[] = []
  const lines = output.split('\n')
  for (const [number, line] of lines.entries()) {
    const [, indent = '', kind, name = ''] = /^( *)(# Subtest:|not ok \d+ -) (.*)$/.exec(line) ?? []
    if (kind === undefined) continue
    open.length = indent.length / 4
    if (kind === '# Subtest:') open.push(name)
    // A test that failed has a time; what failed in it stands before it.
    else if (!/ # (time=|TODO|SKIP)/.test(name))
      failed.push({ path: [...open, name], details: detailsAt(lines, number + 1) })
    else if (open.length === 0 && !failed.some(({ path: [file] }) => name.startsWith(`${file} `)))
      failed.push({ path: [name], details: detailsAt(lines, number + 1) })
  }
  return failed
}

/** The last lines of an output that says nothing in tap's words. */
export function lastLinesOf(output: string): string[] {
  return output.trimEnd().split('\n').slice(-longest)
}

/** The block between --- and ... that begins in a line. */
function detailsAt(lines: readonly string[], start: number): string[] {
  const [, indent] = /^( *)---$/.exec(lines[start] ?? '') ?? []
  if (indent === undefined) return []
  const end = lines.indexOf(`${indent}...`, start)
  const kept: string[] = []
  let isSource = false
  for (const line of lines.slice(start + 1, end)) {
    const text = line.slice(indent.length)
    if (/^\S/.test(text)) isSource = text.startsWith('source:')
    if (!isSource) kept.push(text)
  }
  return kept.length > longest ? [...kept.slice(0, longest), '…'] : kept
}
