import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { archiveName, executableName, platformName, platforms } from '../../build/platforms/platforms.ts'
import { run } from '../../build/processes.ts'
import { projectFolder } from '../../build/project.ts'
import { findProgram } from '../../build/requirements.ts'
import { arm64Emulator } from './emulator.ts'

const version = '9.9.9'
const go = findProgram('go') ?? 'go'

/** A release of a commit, made in a clone of its own: nothing of this project changes. Returns the clone. */
async function release(folder: string, commit: string): Promise<string> {
  const clone = mkdtempSync(join(folder, 'clone-'))
  await run('git', ['clone', '--quiet', projectFolder, clone])
  await run('git', ['-C', clone, 'checkout', '--quiet', '--detach', commit])
  await run('cp', ['--archive', '--link', join(projectFolder, 'node_modules'), clone])
  for (const [key, value] of Object.entries({ 'user.name': 'test', 'user.email': 'test@example.com' }))
    await run('git', ['-C', clone, 'config', key, value])
  await run(process.execPath, ['build/release/main.ts', version], { cwd: clone, timeoutMs: 1_500_000 })
  return clone
}

/** A kubeconfig of a cluster that has nothing. */
async function emptyCluster(t: Test, folder: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata: {}, items: [] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'default' } }],
      'current-context': 'c',
    }),
  )
  return kubeconfig
}

t.test('a release, made twice', async (t) => {
  const folder = t.testdir()
  const commit = (await run('git', ['-C', projectFolder, 'rev-parse', 'HEAD'])).trim()
  const [clone, again] = [await release(folder, commit), await release(folder, commit)]
  const file = (name: string) => join(clone, 'dist', 'release', name)
  const sums = readFileSync(file('checksums.txt'), 'utf8')

  t.equal(readFileSync(join(again, 'dist', 'release', 'checksums.txt'), 'utf8'), sums, 'the bytes are the same')
  await run('sha256sum', ['--check', '--quiet', 'checksums.txt'], { cwd: join(clone, 'dist', 'release') })
  t.strictSame(
    sums
      .trimEnd()
      .split('\n')
      .map((line) => line.split('  ')[1])
      .sort(),
    [
      ...platforms.flatMap((platform) => [archiveName(platform), `${archiveName(platform)}.cdx.json`]),
      ...['worker.tar', 'worker-sql.tar'].flatMap((name) => [name, `${name}.cdx.json`]),
      'images.txt',
      'install.yaml',
      'notes.md',
      'scalardl.yaml',
    ].sort(),
  )
  for (const platform of platforms) t.ok(statSync(file(archiveName(platform))).size < 45e6, platformName(platform))
  t.match(readFileSync(file('scalardl.yaml'), 'utf8'), `version: v${version}`)
  t.match(readFileSync(file('images.txt'), 'utf8'), `ghcr.io/kubectl-scalardl/worker:${version}\n`)
  t.not(readFileSync(file('notes.md'), 'utf8').trim(), '')
  t.equal((await run('git', ['-C', clone, 'describe', '--exact-match'])).trim(), `v${version}`)
  t.equal(await run('git', ['-C', clone, 'status', '--porcelain']), '')

  t.test('where it comes from is said of every file', async (t) => {
    const { _type, predicateType, subject, predicate } = JSON.parse(readFileSync(file('provenance.json'), 'utf8'))
    t.equal(_type, 'https://in-toto.io/Statement/v1')
    t.equal(predicateType, 'https://slsa.dev/provenance/v1')
    t.equal((subject as Subject[]).map(({ name, digest }) => `${digest.sha256}  ${name}\n`).join(''), sums)
    const sources = predicate.buildDefinition.resolvedDependencies as { uri: string; digest: Record<string, string> }[]
    const tagged = (await run('git', ['-C', clone, 'rev-parse', `v${version}^{commit}`])).trim()
    t.strictSame(sources[0]?.digest, { gitCommit: tagged })
    for (const { nodePackage, integrity } of platforms) {
      const node = sources.find(({ uri }) => uri.startsWith(`pkg:npm/${nodePackage}@`))
      t.equal(`sha512-${Buffer.from(node?.digest['sha512'] ?? '', 'hex').toString('base64')}`, integrity, nodePackage)
    }
    for (const part of ['pkg:npm/yargs@', 'pkg:npm/pg@', 'pkg:deb/debian/libc6@'])
      t.ok(
        sources.some(({ uri }) => uri.startsWith(part)),
        part,
      )
  })

  t.test('images are for both architectures', async (t) => {
    for (const name of ['worker', 'worker-sql']) {
      const read = async (path: string) =>
        JSON.parse(await run('tar', ['--extract', '--to-stdout', '--file', file(`${name}.tar`), path])) as Index
      const [outer] = (await read('index.json')).manifests
      const { manifests } = await read(`blobs/sha256/${outer?.digest.replace('sha256:', '')}`)
      t.strictSame(manifests.map(({ platform }) => platform?.architecture).sort(), ['amd64', 'arm64'])
    }
  })

  const executable = (platform: (typeof platforms)[number]) =>
    join(clone, 'dist', 'executables', `${platformName(platform)}-${executableName(platform)}`)

  t.test('what is for macOS and Windows can be parsed', async (t) => {
    for (const platform of platforms.filter(({ os }) => os !== 'linux')) {
      const parsed = await run(go, ['run', join(import.meta.dirname, 'parse', 'main.go'), executable(platform)], {
        timeoutMs: 300_000,
      })
      const expected = {
        'darwin-amd64': /^macho CpuAmd64 Exec true\n[^]*NODE_SEA __NODE_SEA_BLOB/,
        'darwin-arm64': /^macho CpuArm64 Exec true\n[^]*NODE_SEA __NODE_SEA_BLOB/,
        'windows-amd64': /^pe 0x8664 true\n[^]*\.rsrc/,
      }[platformName(platform)]
      t.match(parsed, expected)
    }
  })

  t.test('what is for Linux runs, on arm64 under an emulator', async (t) => {
    const kubeconfig = await emptyCluster(t, folder)
    const [amd64, arm64] = platforms.filter(({ os }) => os === 'linux').map(executable)
    if (amd64 === undefined || arm64 === undefined) throw new RangeError('there is nothing for Linux')
    const emulated = [await arm64Emulator(), '-L', join(clone, 'dist', 'roots', 'arm64', 'base'), arm64]
    const answers = (program: string, ...args: string[]) =>
      run(program, args, { timeoutMs: 300_000 }).catch((error: unknown) => String(error).replace(/^.*failed/s, ''))
    t.match(await answers(amd64, 'version'), version)
    for (const args of [['version'], ['--help'], ['status', '--kubeconfig', kubeconfig]]) {
      const [program = '', ...rest] = emulated
      t.equal(await answers(program, ...rest, ...args), await answers(amd64, ...args), args.join(' '))
    }
  })
})

interface Subject {
  name: string
  digest: { sha256: string }
}

interface Index {
  manifests: { digest: string; platform?: { architecture: string } }[]
}
