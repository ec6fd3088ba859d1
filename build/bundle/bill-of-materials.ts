import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { Failure } from '../../operation/failure.ts'
import { run } from '../processes.ts'
import { projectFolder, projectVersion } from '../project.ts'

/** A part of something, as CycloneDX 1.5 describes one. */
export interface Component {
  type: 'application' | 'container' | 'platform' | 'library'
  name: string
  version: string
  purl?: string
  /** the name that lists of vulnerabilities know it by, where they do not go by the purl */
  cpe?: string
  hashes?: { alg: string; content: string }[]
}

const component = z.looseObject({ type: z.string(), name: z.string(), version: z.string(), purl: z.string() })
const lockedTree = z.object({ components: z.array(component) })

let locked: Promise<z.infer<typeof component>[]> | undefined

/**
 * What is in an archive or an image, as a CycloneDX 1.5 document: of the packages that npm has in its lock file those
 * which a bundle holds, and `further` parts. It has no time and no serial number, which would differ from build to
 * build.
 * @throws Failure where a bundle holds a package that is not in the lock file
 * @param packagesFile names the packages of the bundle: see bundle.ts
 */
export async function billOfMaterials(
  subject: { type: 'application' | 'container'; name: string },
  packagesFile: string,
  further: readonly Component[],
): Promise<string> {
  const bundled = new Set(z.array(z.string()).parse(JSON.parse(readFileSync(packagesFile, 'utf8'))))
  const known = await (locked ??= lockedPackages())
  const packages = known.filter(({ name, version }) => bundled.has(`${name}@${version}`))
  const listed = new Set(packages.map(({ name, version }) => `${name}@${version}`))
  const unlisted = [...bundled.difference(listed)]
  if (unlisted.length > 0) {
    throw new Failure({
      what: `The list of what ${subject.name} holds is not complete`,
      why: `package-lock.json does not know ${unlisted.join(', ')}`,
      next: 'Run `npm ci`, so that what is bundled is what it names.',
    })
  }
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        ...subject,
        'bom-ref': subject.name,
        version: projectVersion(),
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components: [...packages, ...further],
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

async function lockedPackages(): Promise<z.infer<typeof component>[]> {
  // Not with --omit dev, which leaves out what a development dependency needs as well.
  const sbom = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']
  const tree = lockedTree.parse(JSON.parse(await run('npm', sbom, { cwd: projectFolder })))
  return tree.components.toSorted((a, b) => (a.purl < b.purl ? -1 : 1))
}
