import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build, type BuildOptions, type Metafile, type OutputFile, type Plugin } from 'esbuild'
import { projectFolder } from '../project.ts'
import { getters, namesOf } from './first-use.ts'

/**
 * What an operation needs only with the databases, storages and keys that it has to do with. What goes by one name is
 * one file, so that nothing is there twice where packages share a class.
 */
const parts: Record<string, readonly string[]> = {
  age: ['age-encryption'],
  aws: ['@aws-sdk/*', '@smithy/*'],
  azure: ['@azure/*'],
  cassandra: ['cassandra-driver'],
  exec: ['@kubernetes/client-node/dist/exec.js'],
  keystore: ['node-forge'],
  mysql: ['mysql2'],
  postgresql: ['pg'],
}

/** The name of the part that a package is in, undefined where it is in the program itself. */
export function partOf(path: string): string | undefined {
  const isOf = (pattern: string) =>
    pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern || path.startsWith(`${pattern}/`)
  return Object.keys(parts).find((name) => parts[name]?.some(isOf))
}

/** The files beside a program. */
export interface Parts {
  files: OutputFile[]
  metafiles: Metafile[]
}

/**
 * Puts packages into files beside the program, each read when something of it is first asked for: to look through all
 * the code of all databases and clouds takes V8 longer than all else that a worker does before its first Pause.
 * @param options for what is inside those packages, as for the program
 * @param made gets the files, once the program is made
 */
export function partsBeside(options: BuildOptions & { outfile: string }, made: Parts): Plugin {
  const { resolve } = createRequire(`${projectFolder}/package.json`)
  const asked = new Map<string, Set<string>>()
  return {
    name: 'parts beside',
    setup({ onResolve, onLoad, onEnd }) {
      onResolve({ filter: /^[^.]/ }, ({ path, importer }) => {
        const part = importer.includes('node_modules') ? undefined : partOf(path)
        if (part === undefined) return undefined
        asked.set(part, (asked.get(part) ?? new Set()).add(path))
        return { path, namespace: 'parts', pluginData: part }
      })
      onResolve({ filter: /^\.\//, namespace: 'parts' }, ({ path }) => ({ path, external: true }))
      onLoad({ filter: /./, namespace: 'parts' }, async ({ path, pluginData: part }) => ({
        contents: getters(`require('./${part}.cjs')[${JSON.stringify(path)}]`, await namesOf(resolve(path))),
      }))
      onEnd(async ({ errors }) => {
        if (errors.length > 0) return
        for (const [part, paths] of [...asked].sort()) {
          const { metafile, outputFiles } = await build({
            ...options,
            outfile: join(dirname(options.outfile), `${part}.cjs`),
            stdin: { contents: namespaces([...paths].sort()), resolveDir: projectFolder, sourcefile: part },
            write: false,
            metafile: true,
          })
          made.files.push(...outputFiles)
          made.metafiles.push(metafile)
        }
      })
    },
  }
}

/** A module that has each package as one object. */
function namespaces(paths: readonly string[]): string {
  return paths
    .map((path, at) => `import * as package${at} from '${path}'\nexport { package${at} as '${path}' }`)
    .join('\n')
}
