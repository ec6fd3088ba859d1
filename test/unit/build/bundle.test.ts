import { copyFileSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { bundlePlugin, bundleProgram, licensesBeside, packagesBeside } from '../../../build/bundle/bundle.ts'
import { licenseSection, packageFolder } from '../../../build/bundle/licenses.ts'
import { run } from '../../../build/processes.ts'
import { projectFolder, projectVersion } from '../../../build/project.ts'

const manifests = globSync('*/*.yaml', {
  cwd: join(projectFolder, 'manifests'),
  exclude: ['*/kustomization.yaml'],
})

t.test('the bundled plugin needs no file beside it', async (t) => {
  const bundle = await bundlePlugin()
  const alone = join(t.testdir(), 'plugin.cjs')
  copyFileSync(bundle, alone)
  const code = readFileSync(alone, 'utf8')
  // Asked in a way that does not print megabytes when it fails.
  for (const manifest of manifests)
    t.ok(new RegExp(`[{,]"${manifest.replace('.yaml', '')}":["'\`]`).test(code), `${manifest} is inside`)
  t.notOk(code.includes('../manifests/'), 'nothing reads them from the disk')
  t.match(await run(process.execPath, [alone, 'version'], { cwd: t.testdirName }), projectVersion())
  t.match(await run(process.execPath, [alone, '--help'], { cwd: t.testdirName }), 'kubectl scalardl')
})

// What only some kubeconfigs need is compiled when one of them is read.
t.test('the bundled plugin asks a cluster through the proxy of its kubeconfig', async (t) => {
  const bundle = await bundlePlugin()
  const folder = t.testdir()
  for (const scheme of ['http', 'socks5']) {
    const asked: string[] = []
    const proxy = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', (bytes) => {
        asked.push(bytes.toString('latin1'))
        socket.destroy()
      })
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    t.teardown(() => proxy.close())
    const { port } = proxy.address() as AddressInfo
    const cluster = { server: 'https://192.0.2.1:6443', 'proxy-url': `${scheme}://127.0.0.1:${port}` }
    const kubeconfig = join(folder, `${scheme}.json`)
    const context = { name: 'c', context: { cluster: 'c', user: 'u' } }
    const config = { clusters: [{ name: 'c', cluster }], contexts: [context], users: [{ name: 'u', user: {} }] }
    writeFileSync(kubeconfig, JSON.stringify({ ...config, 'current-context': 'c' }))
    await t.rejects(run(process.execPath, [bundle, 'status', '--kubeconfig', kubeconfig]))
    t.ok(asked[0]?.startsWith(scheme === 'http' ? 'CONNECT 192.0.2.1:6443 ' : '\u0005'), scheme)
  }
})

// Reading and compiling it is most of the time that a short command takes.
t.test('the bundled plugin holds only what its commands use', async (t) => {
  const bundle = await bundlePlugin()
  t.ok(statSync(bundle).size < 2_200_000, `${statSync(bundle).size} bytes`)
  const code = readFileSync(bundle, 'utf8')
  t.notOk(code.includes('CoreV1ApiRequestFactory'), "none of client-node's typed clients")
  t.notOk(code.includes('Eingabe'), "none of zod's languages")
})

t.test('every package that is bundled goes with its license', async (t) => {
  const plugin = await bundlePlugin()
  const worker = await bundleProgram('job/main.ts', 'tested-worker')
  const bundles = [
    { bundle: plugin, files: [plugin], some: ['yargs', '@kubernetes/client-node', 'zod'] },
    { bundle: worker[0], files: worker, some: ['pg-types', '@aws-sdk/client-dynamodb', 'mysql2'] },
  ]
  for (const { bundle, files, some } of bundles) {
    const texts = readFileSync(licensesBeside(bundle), 'utf8').split(`\n${'-'.repeat(80)}\n\n`)
    const licensed = texts.map((text) => /^(\S+) (\S+), license: .+\n\n[^]{300}/.exec(text)?.slice(1).join('@'))
    t.strictSame(licensed, JSON.parse(readFileSync(packagesBeside(bundle), 'utf8')))
    const names = new Set(licensed.map((one) => one?.replace(/(?<=.)@.*/, '')))
    // The bundle itself names the files of its CommonJS packages.
    const code = files.map((file) => readFileSync(file, 'utf8')).join('')
    const inside = [...code.matchAll(/"(node_modules\/[^"]+)"\(/g)].map(
      ([, file = '']) => packageFolder(file)?.replace(/.*node_modules\//, '') ?? file,
    )
    t.ok(inside.length > 50, `${inside.length} files`)
    for (const name of new Set([...inside, ...some])) t.ok(names.has(name), name)
  }
})

t.test('the guard, which has to start fast, brings no database and no cloud', async (t) => {
  const [guard, ...others] = await bundleProgram('job/guard-main.ts', 'tested-guard')
  const licenses = readFileSync(licensesBeside(guard), 'utf8')
  t.match(licenses, /^@grpc\/grpc-js \d/m)
  t.notMatch(licenses, /^(@aws-sdk\/|@smithy\/|pg )/m)
  t.strictSame(others, [licensesBeside(guard)], 'it is one file')
})

t.test('a bundled file belongs to the innermost package', async (t) => {
  t.equal(packageFolder('node_modules/a/node_modules/@b/c/index.js'), 'node_modules/a/node_modules/@b/c')
  t.equal(packageFolder('plugin/main.ts'), undefined)
})

t.test('a license is found in a README, under either kind of heading', async (t) => {
  t.equal(licenseSection('# it\n\nLicense\n===\n\nMIT\n'), 'MIT')
  t.equal(licenseSection('# it\n\n## License\n\nMIT\n\n## More\n\ntext\n'), 'MIT')
  t.equal(licenseSection('# it\n\nSee the license of it.\n'), '')
})
