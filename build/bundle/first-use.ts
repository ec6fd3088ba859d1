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
        return { contents: stub(path, outputFiles[0]?.text ?? '', await namesOf(resolve(path))) }
      })
    },
  }
  return plugin
}

/** What a module exports by a name; of one that is CommonJS also what Node does not find by reading it. */
export async function namesOf(file: string): Promise<string[]> {
  const module = (await import(file)) as Record<string, object>
  return Object.keys(module['module.exports'] ?? module).filter((name) => /^[A-Za-z]\w*$/.test(name))
}

/** A module that has what another exports, without loading that before it is asked for one of them. */
export function getters(loaded: string, names: readonly string[]): string {
  return `
    for (const name of ${JSON.stringify(names)})
      Object.defineProperty(exports, name, { enumerable: true, get: () => ${loaded}[name] })`
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
    ${getters('load()', exported)}`
}
