import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild'
import { projectFolder } from '../project.ts'

/** What only some commands use, and never before they know what to do. */
const packages = [
  '@grpc/grpc-js',
  '@kubernetes/client-node/dist/config.js',
  '@kubernetes/client-node/dist/portforward.js',
  'dot-properties',
  'yaml',
]

/** What client-node's kubeconfig uses with proxies and with identities of another kind than most have. */
const ofFewClusters = ['hpagent', 'jsonpath-plus', 'openid-client', 'socks', 'socks-proxy-agent']

/** What asks for a package within the bundle that is made of it, where it is no longer put off. */
const itself = 'first use'

function isKept(path: string, importer: string): boolean {
  if (ofFewClusters.includes(path)) return /[\\/]client-node[\\/]dist[\\/][\w-]+\.js$/.test(importer)
  return packages.includes(path) && !importer.includes('node_modules')
}

/**
 * Keeps packages as texts within the bundle, each compiled when something of it is first asked for: to look through the
 * code of all takes V8 longer than `--help` and `version` take.
 * @param options for what is inside those packages, as for the bundle
 * @param inside gets what each of them was made of
 */
export function compiledOnFirstUse(options: BuildOptions, inside: Metafile[]): Plugin {
  const { resolve } = createRequire(`${projectFolder}/package.json`)
  const plugin: Plugin = {
    name: 'compiled on first use',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[^.]/ }, ({ path, importer }) =>
        basename(importer) !== itself && isKept(path, importer) ? { path, namespace: 'first-use' } : undefined,
      )
      onLoad({ filter: /./, namespace: 'first-use' }, async ({ path }) => {
        const { metafile, outputFiles } = await build({
          ...options,
          plugins: [...(options.plugins ?? []), plugin],
          stdin: { contents: `export * from ${JSON.stringify(path)}`, resolveDir: projectFolder, sourcefile: itself },
          write: false,
          metafile: true,
        })
        inside.push(metafile)
        const names = Object.keys((await import(resolve(path))) as object).filter((name) => /^[A-Za-z]\w*$/.test(name))
        return { contents: stub(path, outputFiles[0]?.text ?? '', names) }
      })
    },
  }
  return plugin
}

function stub(name: string, code: string, exported: readonly string[]): string {
  return `
    let loaded
    function load() {
      if (loaded === undefined) {
        const module = { exports: {} }
        const { compileFunction } = require('node:vm')
        const run = compileFunction(${JSON.stringify(code)}, ['module', 'exports', 'require'], { filename: '${name}' })
        run(module, module.exports, require)
        loaded = module.exports
      }
      return loaded
    }
    for (const name of ${JSON.stringify(exported)})
      Object.defineProperty(exports, name, { enumerable: true, get: () => load()[name] })`
}
