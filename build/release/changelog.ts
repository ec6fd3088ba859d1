import { Failure } from '../../operation/failure.ts'

const unreleased = '## Unreleased\n'

/** The changelog with what was unreleased under a version. @throws Failure where there is nothing unreleased */
export function released(changelog: string, version: string): string {
  const at = changelog.indexOf(unreleased)
  if (at >= 0 && notesOf(changelog, 'Unreleased').trim() !== '')
    return changelog.replace(unreleased, `${unreleased}\n## ${version}\n`)
  throw new Failure({
    what: `There is nothing to release as ${version}`,
    why: 'CHANGELOG.md has nothing under "## Unreleased"',
    next: 'Write there what has changed.',
  })
}

/** What the changelog says of a version; empty where it says nothing. */
export function notesOf(changelog: string, version: string): string {
  const [, notes = ''] = changelog.split(`## ${version}\n`)
  const [own = ''] = notes.split(/^## /m)
  return own.trimStart()
}
