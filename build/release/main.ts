import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Failure } from '../../operation/failure.ts'
import { run } from '../processes.ts'
import { projectFolder } from '../project.ts'
import { released } from './changelog.ts'
import { committed, writeProvenance } from './provenance.ts'

const usage = `usage: npm run release -- VERSION

Gives the project the version, moves what CHANGELOG.md has unreleased under it, makes dist/release, commits and tags.
Nothing leaves this machine: what publishes it is printed at the end.
`

const git = (...args: string[]) => run('git', args, { cwd: projectFolder })

async function release(version: string): Promise<void> {
  await committed()
  const changelog = join(projectFolder, 'CHANGELOG.md')
  const text = released(readFileSync(changelog, 'utf8'), version)
  await run('npm', ['version', version, '--no-git-tag-version'], { cwd: projectFolder })
  writeFileSync(changelog, text)
  // The build knows its version from its start: it starts here.
  const { buildRelease } = await import('./contents.ts')
  const files = await buildRelease()
  await git('commit', '--all', '--quiet', '--message', `release: ${version}`)
  await git('tag', '--annotate', '--message', `${version}`, `v${version}`)
  files.push(writeProvenance(await committed()))
  process.stdout.write(`${files.map((file) => relative(projectFolder, file)).join('\n')}\n`)
  process.stdout.write(`\nTo publish it, from .github/workflows/release.yaml: git push --follow-tags\n`)
}

try {
  const [version, ...more] = process.argv.slice(2)
  if (version === undefined || more.length > 0 || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
    process.stderr.write(usage)
    process.exitCode = 2
  } else {
    await release(version)
  }
} catch (error) {
  const lines =
    error instanceof Failure ? [error.what, `  why: ${error.why}`, `  next: ${error.next}`] : [String(error)]
  process.stderr.write(`${lines.join('\n')}\n`)
  process.exitCode = 1
}
