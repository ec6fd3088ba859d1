import { existsSync, readFileSync, writeFileSync, chmodSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { useCluster } from '../../local-kubernetes/target.ts'

// A kubectl that answers, so that what is asked of it can be seen; no cluster is touched.
const folder = t.testdir({ kubectl: `#!/bin/sh\necho "$@" >>"$(dirname "$0")/asked"\n` })
chmodSync(join(folder, 'kubectl'), 0o755)
process.env['PATH'] = [folder, process.env['PATH']].join(delimiter)
process.env['KUBECTL_SCALARDL_CACHE'] = folder
process.env['KUBECONFIG'] = join(folder, 'config')

t.test(
  'an existing cluster is used by the name that was given, and loads images by the command that was given',
  async (t) => {
    const archive = join(folder, "it's an archive.tar")
    writeFileSync(archive, '')
    const target = await useCluster({ context: 'theirs', imageLoad: `cp {archive} ${join(folder, 'loaded')}` })
    t.equal(target.context, 'theirs')
    t.match(readFileSync(join(folder, 'asked'), 'utf8'), `--kubeconfig ${join(folder, 'config')} --context theirs`)
    await target.loadImages([archive])
    t.ok(existsSync(join(folder, 'loaded')))
  },
)

t.test('with a registry the images have its names', async (t) => {
  const target = await useCluster({ context: 'theirs', registry: 'registry.example.com/tests' })
  t.equal(target.imageName('ghcr.io/kubectl-scalardl/worker:1.0.0'), 'registry.example.com/tests/worker:1.0.0')
})

t.test('without a way for the images it says so', async (t) => {
  await t.rejects(useCluster({ context: 'theirs' }), /neither a registry nor a command/)
  await t.rejects(useCluster({ context: 'theirs', imageLoad: 'load it' }), /with {archive}/)
})

t.test('of several kubeconfigs none is guessed', async (t) => {
  process.env['KUBECONFIG'] = '/a:/b'
  await t.rejects(useCluster({ context: 'theirs', registry: 'r' }), /names several files: \/a, \/b/)
})
