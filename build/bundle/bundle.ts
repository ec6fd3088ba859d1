// Room: each program as few files, without what it does not use, and with the licenses of what it does.
// Read bundle, leaner-packages, first-use, parts, licenses, bill-of-materials.

import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild'
import { Failure } from '../../operation/failure.ts'
import { compiledOnFirstUse } from './first-use.ts'
import { assertOnFirstUse, clientsLeftOut, plainWidths } from './leaner-packages.ts'
import { licensesOf, packagesOf } from './licenses.ts'
import { partsBeside, type Parts } from './parts.ts'
import { distFolder, projectFolder, projectVersion } from '../project.ts'

/**
 * Bundles a program of the worker's image: dist/NAME/NAME.cjs and the files that it reads only where they are needed.
 * The licenses go beside it. Returns the paths of all that is to be in the image, the program's first.
 *
 * CommonJS, since an import of node:http from an ES module has Node load its WebSocket.
 */
export async function bundleProgram(entry: string, name: string): Promise<[string, ...string[]]> {
  const folder = join(distFolder, name)
  const outfile = join(folder, `${name}.cjs`)
  const options = { ...common(entry, outfile), format: 'cjs' } as const
  const parts: Parts = { files: [], metafiles: [] }
  await bundle({ ...options, plugins: [partsBeside({ ...shared(), outfile, format: 'cjs' }, parts)] }, parts)
  const files: [string, ...string[]] = [outfile, ...parts.files.map(({ path }) => path), licensesBeside(outfile)]
  // Of a former build.
  for (const left of globSync('*.{cjs,txt}', { cwd: folder }))
    if (!files.includes(join(folder, left))) rmSync(join(folder, left))
  return files
}

/** Bundles a program of a test's image into one ES module, dist/NAME.mjs, and returns its path. */
export async function bundleModule(entry: string, name: string): Promise<string> {
  const outfile = join(distFolder, `${name}.mjs`)
  await bundle({
    ...common(entry, outfile),
    format: 'esm',
    // The packages in the bundle that are CommonJS ask for Node's own modules by `require`.
    banner: {
      js: [
        '#!/usr/bin/env node',
        "import { createRequire as createRequireOfBundle } from 'node:module'",
        'const require = createRequireOfBundle(import.meta.url)',
      ].join('\n'),
    },
  })
  return outfile
}

/** Bundles the plugin into dist/plugin.cjs, since an executable takes one CommonJS file, and returns its path. */
export async function bundlePlugin(): Promise<string> {
  const outfile = join(distFolder, 'plugin.cjs')
  const leaner = [clientsLeftOut, plainWidths, assertOnFirstUse]
  const inside: Metafile[] = []
  await bundle(
    {
      ...common('plugin/main.ts', outfile),
      format: 'cjs',
      define: { ...defines(), 'import.meta.url': 'fileOfBundle' },
      banner: { js: "const fileOfBundle = require('node:url').pathToFileURL(process.execPath).href" },
      plugins: [
        ...leaner,
        manifestsInside,
        compiledOnFirstUse({ ...shared(), format: 'cjs', plugins: leaner }, inside),
      ],
    },
    { files: [], metafiles: inside },
  )
  return outfile
}

/** Where `bundle` puts the licenses of what is in a bundle. */
export function licensesBeside(bundle: string): string {
  return `${bundle}.licenses.txt`
}

/** Where `bundle` puts the names of the packages that are in a bundle, as NAME@VERSION. */
export function packagesBeside(bundle: string): string {
  return `${bundle}.packages.json`
}

/** @param further gets, while it is made, what goes beside it, and what that and bundles in it were made of */
async function bundle(
  options: BuildOptions & { outfile: string },
  further: Parts = { files: [], metafiles: [] },
): Promise<void> {
  const { metafile, outputFiles } = await build({ ...options, metafile: true, write: false })
  const all = [metafile, ...further.metafiles]
  for (const { path, contents } of [...outputFiles, ...further.files]) replace(path, contents, 0o755)
  replace(licensesBeside(options.outfile), licensesOf(all))
  replace(packagesBeside(options.outfile), JSON.stringify(packagesOf(all)))
}

/** Puts a whole file in the place of the former one: whoever reads it meanwhile never has a half. */
function replace(path: string, contents: string | Uint8Array, mode = 0o644): void {
  const written = `${path}.${process.pid}.part`
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(written, contents, { mode })
  renameSync(written, path)
}

/**
 * In the executable no manifests/ lies beside the program: the one function that reads them gets their texts instead.
 */
const manifestsInside: Plugin = {
  name: 'manifests inside',
  setup(build) {
    build.onLoad({ filter: /\/plugin\/kubernetes\/manifests\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8')
      const read = /readFileSync\(new URL\([^)]*\), 'utf8'\)/
      if (!read.test(source)) {
        throw new Failure({
          what: 'The manifests cannot be put into the executable',
          why: `${path} no longer reads them by readFileSync(new URL(…), 'utf8')`,
          next: 'Make build/bundle/bundle.ts and that file agree again.',
        })
      }
      // A function: a text in its place would have its own `$'` replaced.
      return { loader: 'ts', contents: source.replace(read, () => `(${JSON.stringify(manifestTexts())})[name]`) }
    })
  },
}

function manifestTexts(): Record<string, string> {
  const folder = join(projectFolder, 'manifests')
  const files = globSync('*/*.yaml', { cwd: folder, exclude: ['*/kustomization.yaml'] }).sort()
  return Object.fromEntries(
    files.map((file) => [file.slice(0, -extname(file).length), readFileSync(join(folder, file), 'utf8')]),
  )
}

function common(entry: string, outfile: string): BuildOptions & { outfile: string } {
  return { ...shared(), entryPoints: [entry], outfile }
}

function shared(): BuildOptions {
  return {
    absWorkingDir: projectFolder,
    bundle: true,
    platform: 'node',
    target: 'node26',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    // A name that its module does not have fails here, not when a worker first needs it.
    logOverride: { 'import-is-undefined': 'error' },
    define: defines(),
  }
}

function defines(): Record<string, string> {
  return { 'process.env.KUBECTL_SCALARDL_VERSION': JSON.stringify(projectVersion()) }
}
