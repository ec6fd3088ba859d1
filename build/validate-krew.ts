import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Failure } from '../operation/failure.ts'
import { cacheFolder } from './cache.ts'
import { archiveName } from './krew.ts'
import { run } from './processes.ts'
import { distFolder, projectFolder } from './project.ts'
import { findProgram } from './requirements.ts'
import { hashOf } from './up-to-date.ts'
import { withProgress } from './waiting.ts'

const module = join(projectFolder, 'build', 'krew-validator')

/** Compiles krew and its validator once, and returns the folder that they are in. */
export async function krewPrograms(): Promise<string> {
  const go = findProgram('go')
  if (go === undefined) {
    throw new Failure({
      what: "krew's validator cannot be compiled",
      why: 'there is no go',
      next: 'Install Go 1.25 or newer: https://go.dev/dl.',
    })
  }
  const folder = join(cacheFolder(), 'krew', (await hashOf({ files: [join(module, 'go.sum')] })).slice(0, 16))
  for (const program of ['krew', 'validate-krew-manifest']) {
    if (existsSync(join(folder, program))) continue
    const build = ['build', '-trimpath', '-o', join(folder, program), `sigs.k8s.io/krew/cmd/${program}`]
    await withProgress(`compiling ${program}, once`, () => run(go, build, { cwd: module, timeoutMs: 900_000 }))
  }
  return folder
}

/** Has krew's own validator judge a manifest, whatever the file is called. Throws a Failure with its reason. */
export async function validateManifest(programs: string, manifest: string): Promise<void> {
  await withNamedManifest(manifest, (named) =>
    // Without the download: what is not released yet cannot be downloaded.
    run(join(programs, 'validate-krew-manifest'), ['-manifest', named, '-skip-install']),
  )
}

/**
 * Has krew install the archive of this build by its manifest, in a place of its own, and returns what the plugin says
 * its version is.
 */
export async function tryInstall(programs: string): Promise<string> {
  return withNamedManifest(join(distFolder, 'krew.yaml'), async (named, folder) => {
    const environment = {
      ...process.env,
      KREW_ROOT: folder,
      KREW_OS: 'linux',
      KREW_ARCH: 'amd64',
      KREW_NO_UPGRADE_CHECK: '1',
    }
    await run(
      join(programs, 'krew'),
      ['install', `--manifest=${named}`, `--archive=${join(distFolder, archiveName)}`],
      { environment },
    )
    const path = [join(folder, 'bin'), process.env['PATH']].join(delimiter)
    return run(join(folder, 'bin', 'kubectl-scalardl'), ['version'], { environment: { ...environment, PATH: path } })
  })
}

// The validator wants the file to be called as the plugin is.
async function withNamedManifest<Result>(
  manifest: string,
  action: (named: string, folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'krew-'))
  try {
    mkdirSync(join(folder, 'manifest'))
    const named = join(folder, 'manifest', 'scalardl.yaml')
    copyFileSync(manifest, named)
    return await action(named, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const programs = await krewPrograms()
  const manifests = [join(projectFolder, 'krew.yaml'), join(distFolder, 'krew.yaml')].filter((file) => existsSync(file))
  for (const manifest of manifests) {
    await validateManifest(programs, manifest)
    process.stdout.write(`krew accepts ${manifest}\n`)
  }
  if (existsSync(join(distFolder, archiveName))) process.stdout.write(`krew installed ${await tryInstall(programs)}`)
}
