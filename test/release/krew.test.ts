import { createReadStream, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { releaseFolder } from '../../build/platforms/archives.ts'
import { imagePlatforms } from '../../build/platforms/platforms.ts'
import { run } from '../../build/processes.ts'
import { projectFolder, projectVersion } from '../../build/project.ts'
import { buildDownloads } from '../../build/release/downloads.ts'
import { krewPrograms } from '../../build/release/krew-programs.ts'

/** krew with an index of this test's own, and a server for the archives in the place of the published ones. */
async function stage(t: Test) {
  const krew = join(await krewPrograms(), 'krew')
  const folder = t.testdir()
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    createReadStream(join(releaseFolder, path.slice(path.lastIndexOf('/') + 1))).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())

  const index = join(folder, 'index')
  mkdirSync(join(index, 'plugins'), { recursive: true })
  const git = (...args: string[]) => run('git', ['-C', index, '-c', 'user.name=test', '-c', 'user.email=t@t', ...args])
  await git('init', '--quiet', '--initial-branch=main')
  const publish = async (version: string) => {
    const { port } = server.address() as AddressInfo
    const manifest = readFileSync(join(releaseFolder, 'scalardl.yaml'), 'utf8')
      .replaceAll(/https:\/\/github\.com\/[^\n]*\/download\/v[^/]+/g, `http://127.0.0.1:${port}/v${version}`)
      .replace(/version: v\S+/, `version: v${version}`)
    writeFileSync(join(index, 'plugins', 'scalardl.yaml'), manifest)
    await git('add', '--all')
    await git('commit', '--quiet', '--message', version)
  }
  const root = join(folder, 'krew')
  const environment = {
    ...process.env,
    KREW_ROOT: root,
    KREW_DEFAULT_INDEX_URI: index,
    KREW_NO_UPGRADE_CHECK: '1',
    PATH: [join(root, 'bin'), process.env['PATH']].join(delimiter),
  }
  return { krew: (...args: string[]) => run(krew, args, { environment }), publish, root, asked }
}

t.test('krew installs, upgrades and removes the plugin', async (t) => {
  await buildDownloads(imagePlatforms.slice(0, 1))
  const { krew, publish, root, asked } = await stage(t)
  const plugin = join(root, 'bin', 'kubectl-scalardl')

  await publish('0.0.1')
  await krew('update')
  await krew('install', 'scalardl')
  t.match(readlinkSync(plugin), /\/v0\.0\.1\/kubectl-scalardl$/)
  t.match(await run(plugin, ['version']), projectVersion())
  t.notOk(readFileSync(plugin).includes(projectFolder), 'it does not name the folder that it was made in')
  t.strictSame(readdirSync(join(root, 'store', 'scalardl', 'v0.0.1')).sort(), [
    'LICENSE',
    'kubectl-scalardl',
    'node-license.txt',
    'third-party-licenses.txt',
  ])

  await publish('0.0.2')
  await krew('upgrade', 'scalardl')
  t.match(readlinkSync(plugin), /\/v0\.0\.2\/kubectl-scalardl$/)
  t.match(await run(plugin, ['version']), projectVersion())
  t.strictSame(
    asked,
    ['0.0.1', '0.0.2'].map((version) => `/v${version}/kubectl-scalardl-linux-amd64.tar.gz`),
  )

  await krew('uninstall', 'scalardl')
  t.throws(() => readlinkSync(plugin), { code: 'ENOENT' })
  t.equal((await krew('list')).trim(), '')
})
