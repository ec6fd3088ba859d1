import { createRequire } from 'node:module'
import type { Plugin } from 'esbuild'
import { projectFolder } from '../project.ts'

/** Letters, the marks of our own lines and the frames of the spinner: each is one column wide. */
const narrow = String.raw`/^[\x20-\x7E\u2013\u2026\u2192\u2714\u2716\u26A0\u2800-\u28FF\n]*$/`

/**
 * Has string-width loaded only for text that needs it: it starts ICU and compiles the list of all emoji, which is most
 * of the time that `--help` takes. yargs and ora ask it about nearly nothing but plain letters.
 */
export const plainWidths: Plugin = {
  name: 'plain widths',
  setup(build) {
    const complete = createRequire(`${projectFolder}/package.json`).resolve('string-width')
    build.onResolve({ filter: /^string-width$/ }, ({ importer }) =>
      importer === 'plain-width' ? { path: complete } : { path: 'plain-width', namespace: 'plain-width' },
    )
    build.onLoad({ filter: /./, namespace: 'plain-width' }, () => ({
      contents: `
        import { stripVTControlCharacters } from 'node:util'
        const narrow = ${narrow}
        export default (text, options) => {
          const visible = stripVTControlCharacters(text)
          if (narrow.test(visible)) return visible.replaceAll('\\n', '').length
          return require('string-width').default(text, options)
        }`,
      resolveDir: projectFolder,
    }))
  },
}

/** Has Node's assert loaded only where yargs finds a fault in its own use. */
export const assertOnFirstUse: Plugin = {
  name: 'assert on first use',
  setup(build) {
    build.onResolve({ filter: /^assert$/ }, ({ importer }) =>
      importer.includes('yargs') ? { path: 'assert', namespace: 'assert' } : undefined,
    )
    build.onLoad({ filter: /./, namespace: 'assert' }, () => ({
      contents: `
        export const strictEqual = (...args) => require('node:assert').strictEqual(...args)
        export const notStrictEqual = (...args) => require('node:assert').notStrictEqual(...args)`,
    }))
  },
}

/**
 * Leaves out what client-node's kubeconfig could make, but in the plugin never does: the typed clients of all of
 * Kubernetes and undici's connections. The plugin sends its requests by Node's own https (plugin/kubernetes/api).
 */
export const clientsLeftOut: Plugin = {
  name: 'clients left out',
  setup(build) {
    const isKubeConfig = (importer: string) => /[\\/]client-node[\\/]dist[\\/][\w-]+\.js$/.test(importer)
    build.onResolve({ filter: /^undici$|^\.\/gen\/index\.js$/ }, ({ path, importer }) =>
      isKubeConfig(importer) ? { path, namespace: 'left-out' } : undefined,
    )
    build.onLoad({ filter: /./, namespace: 'left-out' }, () => ({ contents: 'module.exports = {}' }))
  },
}
