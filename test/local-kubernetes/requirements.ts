import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { Failure } from '../../operation/failure.ts'
import { run } from './processes.ts'
import { withProgress } from './waiting.ts'

// The programs a node is made of, and the Debian package that has each.
const packageOf = {
  buildah: 'buildah',
  containerd: 'containerd',
  conntrack: 'conntrack',
  ctr: 'containerd',
  debootstrap: 'debootstrap',
  ethtool: 'ethtool',
  ip: 'iproute2',
  iptables: 'iptables',
  mount: 'mount',
  nsenter: 'util-linux',
  openssl: 'openssl',
  runc: 'runc',
  socat: 'socat',
  unshare: 'util-linux'
}

/** Where distributions put the CNI plugins. */
const cniFolders = ['/usr/lib/cni', '/opt/cni/bin']
const oldestGo = { major: 1, minor: 25 }

/** The folder of the CNI plugins on this machine. */
export function cniFolder(): string {
  return cniFolders.find((folder) => existsSync(join(folder, 'ptp'))) ?? '/usr/lib/cni'
}

/**
 * Sees that this machine can run the cluster and installs the Debian packages that it lacks.
 * Throws one Failure that names everything missing at once.
 */
export async function meetRequirements(needs: { go: boolean }): Promise<void> {
  const problems: string[] = []
  const packages = missingPackages()
  if (process.platform !== 'linux') problems.push(`nodes need Linux, and this is ${process.platform}`)
  if (process.getuid?.() !== 0) problems.push('namespaces, mounts and packages need root, and this user is not')
  if (packages.length > 0 && findProgram('apt-get') === undefined) {
    problems.push(`these Debian packages (or what holds their programs) are missing, and there is no apt-get: ${packages.join(', ')}`)
  }
  if (needs.go) problems.push(...(await goProblems()))
  if (problems.length > 0) {
    throw new Failure({
      what: 'A local Kubernetes cannot run on this machine',
      why: problems.join('; '),
      next: 'Mend all of it and run the command again, or name an existing cluster by --context.'
    })
  }
  if (packages.length > 0) await install(packages)
}

/** The full path of a program, or undefined. The folders of system programs count even where PATH lacks them. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/go/bin']
  return folders.map((folder) => join(folder, name)).find((path) => isExecutable(path))
}

function missingPackages(): string[] {
  const missing = Object.entries(packageOf).filter(([program]) => findProgram(program) === undefined)
  const names = new Set(missing.map(([, name]) => name))
  if (!existsSync(join(cniFolder(), 'ptp'))) names.add('containernetworking-plugins')
  return [...names].sort()
}

async function goProblems(): Promise<string[]> {
  const wanted = `Go ${oldestGo.major}.${oldestGo.minor} or newer is needed once, to compile Kubernetes`
  const go = findProgram('go')
  if (go === undefined) return [`${wanted}, and there is no go (https://go.dev/dl)`]
  const text = await run(go, ['env', 'GOVERSION'])
  const version = /^go(\d+)\.(\d+)/.exec(text)
  if (version === null) return [`${wanted}, and go calls itself ${text.trim()}`]
  const [major, minor] = [Number(version[1]), Number(version[2])]
  const enough = major > oldestGo.major || (major === oldestGo.major && minor >= oldestGo.minor)
  return enough ? [] : [`${wanted}, and this is ${text.trim()} (https://go.dev/dl)`]
}

async function install(packages: string[]): Promise<void> {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await withProgress(`installing ${packages.join(' ')}`, async () => {
    await run('apt-get', ['update'], { environment, timeoutMs: 300_000 })
    await run('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], { environment, timeoutMs: 900_000 })
  })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
