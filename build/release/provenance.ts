import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { Failure } from '../../operation/failure.ts'
import { releaseFolder } from '../platforms/archives.ts'
import { run } from '../processes.ts'
import { projectFolder, projectVersion } from '../project.ts'

const repository = 'https://github.com/kubectl-scalardl/kubectl-scalardl'

const hash = z.object({ alg: z.string(), content: z.string() })
const contents = z.object({ components: z.array(z.object({ purl: z.string(), hashes: z.array(hash).min(1) })) })

/** The commit that is checked out. @throws Failure where the working tree is another */
export async function committed(): Promise<string> {
  const git = (...args: string[]) => run('git', args, { cwd: projectFolder })
  const changed = await git('status', '--porcelain')
  if (changed === '') return (await git('rev-parse', 'HEAD')).trim()
  throw new Failure({
    what: `${projectFolder} is no state of the project that a release can name`,
    why: `it has changes that are not committed:\n${changed.trimEnd()}`,
    next: 'Commit them, or work in a clone.',
  })
}

/**
 * Writes dist/release/provenance.json, which says of what and where the files of checksums.txt were made, and returns
 * its path: an in-toto statement (https://in-toto.io/Statement/v1) with SLSA's provenance
 * (https://slsa.dev/spec/v1.0/provenance). It is not signed; what publishes a release signs one.
 */
export function writeProvenance(commit: string): string {
  const read = (name: string) => readFileSync(join(releaseFolder, name), 'utf8')
  const workflow = process.env['GITHUB_WORKFLOW_REF']
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: read('checksums.txt')
      .trimEnd()
      .split('\n')
      .map((line) => line.split('  '))
      .map(([sha256 = '', name = '']) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: `${repository}/blob/v${projectVersion()}/build/release/contents.ts`,
        externalParameters: { command: 'npm ci && npm run build -- --only release' },
        resolvedDependencies: [
          { uri: `git+${repository}@refs/tags/v${projectVersion()}`, digest: { gitCommit: commit } },
          ...globSync('*.cdx.json', { cwd: releaseFolder })
            .sort()
            .flatMap((name) => partsIn(read(name))),
        ].filter(({ uri }, at, all) => all.findIndex((other) => other.uri === uri) === at),
      },
      runDetails: { builder: { id: workflow ? `https://github.com/${workflow}` : `${repository}#own-machine` } },
    },
  }
  const file = join(releaseFolder, 'provenance.json')
  writeFileSync(file, `${JSON.stringify(statement, null, 2)}\n`)
  return file
}

/** The parts of a list of contents, each with its hashes as in-toto names them. */
function partsIn(list: string): { uri: string; digest: Record<string, string> }[] {
  return contents.parse(JSON.parse(list)).components.map(({ purl, hashes }) => ({
    uri: purl,
    digest: Object.fromEntries(hashes.map(({ alg, content }) => [alg.toLowerCase().replace('-', ''), content])),
  }))
}
