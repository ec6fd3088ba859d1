import t from 'tap'
import { parse } from 'yaml'
import { archiveName, executableName, platforms } from '../../../../build/platforms/platforms.ts'
import { fillManifest, krewTemplate } from '../../../../build/release/krew-manifest.ts'

interface Manifest {
  metadata: { name: string }
  spec: {
    version: string
    shortDescription: string
    platforms: { selector: { matchLabels: Record<string, string> }; uri: string; sha256: string; bin: string }[]
  }
}

const download = 'https://github.com/kubectl-scalardl/kubectl-scalardl/releases/download'
const sums = new Map(platforms.map((platform, index) => [archiveName(platform), String(index).repeat(64)]))

t.test('a release gets its own version, addresses and sums on every platform', async (t) => {
  const { spec } = parse(fillManifest(krewTemplate(), '2.3.4', sums)) as Manifest
  t.equal(spec.version, 'v2.3.4')
  t.strictSame(
    spec.platforms,
    platforms.map((platform, index) => ({
      selector: { matchLabels: { os: platform.os, arch: platform.arch } },
      uri: `${download}/v2.3.4/${archiveName(platform)}`,
      sha256: String(index).repeat(64),
      bin: executableName(platform),
    })),
  )
})

t.test('a platform that was not built is left out', async (t) => {
  const linux = new Map([...sums].slice(0, 1))
  const { spec } = parse(fillManifest(krewTemplate(), '2.3.4', linux)) as Manifest
  t.strictSame(
    spec.platforms.map(({ selector }) => selector.matchLabels),
    [{ os: 'linux', arch: 'amd64' }],
  )
})

t.test('the manifest says what the package does', async (t) => {
  const { metadata, spec } = parse(fillManifest(krewTemplate(), '2.3.4', sums)) as Manifest
  t.equal(`kubectl-${metadata.name}`, 'kubectl-scalardl')
  t.ok(spec.shortDescription.length <= 50, 'krew asks for 50 characters at most')
})
