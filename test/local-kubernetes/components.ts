import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildah } from '../../build/buildah.ts'
import { cacheFolder } from '../../build/cache.ts'
import { withLock } from '../../build/lock.ts'
import { run } from '../../build/processes.ts'
import { findProgram } from '../../build/requirements.ts'
import { withProgress } from '../../build/waiting.ts'

const sources = fileURLToPath(new URL('components/', import.meta.url))

/** The name that the sandbox image has in the nodes. */
export const sandboxImage = 'docker.io/local-kubernetes/pause:1'

/** The programs that make a cluster, compiled. */
export interface Components {
  folder: string
  /** Kubernetes, etcd and CoreDNS: the first argument says which */
  program: string
  kubectl: string
  /** the first process of a node and of a pod */
  pause: string
  /** an OCI archive of the sandbox image */
  sandboxArchive: string
}

/** Where the programs are, or will be: the folder is named by a hash of their sources. */
export function components(): Components {
  const hash = createHash('sha256')
  for (const file of sourceFiles()) hash.update(file).update(readFileSync(join(sources, file)))
  const folder = join(cacheFolder(), 'components', hash.digest('hex').slice(0, 16))
  return {
    folder,
    program: join(folder, 'components'),
    kubectl: join(folder, 'kubectl'),
    pause: join(folder, 'pause'),
    sandboxArchive: join(folder, 'pause.tar'),
  }
}

export function areBuilt(built: Components = components()): boolean {
  return existsSync(built.folder)
}

/**
 * Compiles the programs unless that is done: some five minutes from an empty Go cache, a few seconds from a full one.
 */
export async function buildComponents(): Promise<Components> {
  const built = components()
  if (areBuilt(built)) return built
  return withLock(join(cacheFolder(), 'components.lock'), async () => {
    if (areBuilt(built)) return built
    await withProgress('compiling Kubernetes, once (about five minutes)', () => compile(`${built.folder}.new`))
    renameSync(`${built.folder}.new`, built.folder)
    return built
  })
}

async function compile(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const flags = `-s -w ${versionFlags()}`
  const go = (output: string, source: string) =>
    run(findProgram('go') ?? 'go', ['build', '-trimpath', `-ldflags=${flags}`, '-o', join(folder, output), source], {
      cwd: sources,
      environment: { ...process.env, CGO_ENABLED: '0' },
      timeoutMs: 3_600_000,
    })
  await go('components', '.')
  await go('pause', './pause')
  symlinkSync('components', join(folder, 'kubectl'))
  await buildSandboxImage(folder)
}

// A release sets these when it is linked; without them the components would call themselves v0.0.0-master.
function versionFlags(): string {
  const version = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/.exec(readFileSync(join(sources, 'go.mod'), 'utf8'))
  const [, full = '', major = '', minor = ''] = version ?? []
  const values = { gitVersion: full, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  return Object.entries(values)
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ')
}

async function buildSandboxImage(folder: string): Promise<void> {
  const context = join(folder, 'sandbox')
  mkdirSync(context)
  cpSync(join(folder, 'pause'), join(context, 'pause'))
  writeFileSync(
    join(context, 'Dockerfile'),
    'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n',
  )
  await buildah(['bud', '--isolation', 'chroot', '--tag', sandboxImage, context])
  await buildah(['push', sandboxImage, `oci-archive:${join(folder, 'pause.tar')}:${sandboxImage}`])
  rmSync(context, { recursive: true })
}

function sourceFiles(): string[] {
  return readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.go$|^go\.(mod|sum)$/.test(file))
    .sort()
}
