/**
 * Which restore made some data, and what it did with it last. Kept at the end of a comment of the server's catalog:
 * that is renamed with the data, needs no right beyond those of the restore, leaves nothing beside the data and can be
 * read by people.
 */
export interface Mark {
  operation: string
  /** loaded and verified; in service, or about to be, in place of other data; so where none was before */
  state: 'loaded' | 'replaced' | 'alone'
}

const pattern = /\s*\[kubectl-scalardl (\S+) (loaded|replaced|alone)\]$/

/** The mark in a comment. */
export function parseMark(comment: string): Mark | undefined {
  const [, operation, state] = pattern.exec(comment) ?? []
  if (operation === undefined || (state !== 'loaded' && state !== 'replaced' && state !== 'alone')) return undefined
  return { operation, state }
}

/** What people wrote; empty where it is nothing. */
export function withoutMark(comment: string): string {
  return comment.replace(pattern, '')
}

/** What people wrote, with a mark in the place of any other, or without one. */
export function withMark(comment: string, mark: Mark | undefined): string {
  const own = withoutMark(comment)
  return [
    ...(own === '' ? [] : [own]),
    ...(mark === undefined ? [] : [`[kubectl-scalardl ${mark.operation} ${mark.state}]`]),
  ].join(' ')
}
