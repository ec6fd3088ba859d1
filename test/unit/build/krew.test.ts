import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { archiveName, fillManifest } from '../../../build/krew.ts'
import { projectFolder, projectVersion } from '../../../build/project.ts'

interface Manifest {
  metadata: { name: string }
  spec: { version: string; shortDescription: string; platforms: { uri: string; sha256: string; bin: string }[] }
}

const template = readFileSync(join(projectFolder, 'krew.yaml'), 'utf8')

t.test('a release gets its own version, address and sum', async (t) => {
  const { spec } = parse(fillManifest(template, '2.3.4', 'ab'.repeat(32))) as Manifest
  t.equal(spec.version, 'v2.3.4')
  t.match(spec.platforms[0]?.uri, new RegExp(`/releases/download/v2\\.3\\.4/${archiveName}$`))
  t.equal(spec.platforms[0]?.sha256, 'ab'.repeat(32))
})

t.test('the manifest says what the package does', async (t) => {
  const { metadata, spec } = parse(template) as Manifest
  t.equal(spec.version, `v${projectVersion()}`)
  t.equal(`kubectl-${metadata.name}`, spec.platforms[0]?.bin)
  t.ok(spec.shortDescription.length <= 50, 'krew asks for 50 characters at most')
})
