import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../operation/failure.ts'
import { cacheFolder } from '../cache.ts'
import { run } from '../processes.ts'
import { projectFolder } from '../project.ts'
import { findProgram } from '../requirements.ts'
import { hashOf } from '../up-to-date.ts'
import { withProgress } from '../waiting.ts'

const module = join(projectFolder, 'build', 'release', 'krew')

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

/** Has krew's own validator judge a manifest, whatever the file is called. @throws Failure with its reason */
export async function validateManifest(manifest: string): Promise<void> {
  const programs = await krewPrograms()
  const folder = mkdtempSync(join(tmpdir(), 'krew-'))
  try {
    // The validator wants the file to be called as the plugin is.
    const named = join(folder, 'scalardl.yaml')
    copyFileSync(manifest, named)
    // Without the download: what is not released yet cannot be downloaded.
    await run(join(programs, 'validate-krew-manifest'), ['-manifest', named, '-skip-install'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
