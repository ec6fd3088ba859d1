import { createRequire } from 'node:module'
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild'
import { projectFolder } from './project.ts'

/** What only some commands use, and never before they know what to do. */
const packages = [
  '@grpc/grpc-js',
  '@kubernetes/client-node/dist/config.js',
  '@kubernetes/client-node/dist/portforward.js',
  'dot-properties',
  'yaml',
]

/**
 * Keeps packages as texts within the bundle, each compiled when something of it is first asked for: to look through the
 * code of all takes V8 longer than `--help` and `version` take.
 * @param options for what is inside those packages, as for the bundle
 * @param inside gets what each of them was made of
 */
export function compiledOnFirstUse(options: BuildOptions, inside: Metafile[]): Plugin {
  const { resolve } = createRequire(`${projectFolder}/package.json`)
  return {
    name: 'compiled on first use',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[^.]/ }, ({ path, importer }) =>
        packages.includes(path) && !importer.includes('node_modules') ? { path, namespace: 'first-use' } : undefined,
      )
      onLoad({ filter: /./, namespace: 'first-use' }, async ({ path }) => {
        const { metafile, outputFiles } = await build({
          ...options,
          stdin: { contents: `module.exports = require(${JSON.stringify(path)})`, resolveDir: projectFolder },
          write: false,
          metafile: true,
        })
        inside.push(metafile)
        const names = Object.keys((await import(resolve(path))) as object).filter((name) => /^[A-Za-z]\w*$/.test(name))
        return { contents: stub(path, outputFiles[0]?.text ?? '', names) }
      })
    },
  }
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
