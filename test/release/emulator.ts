import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { debianPackages } from '../../build/images/debian-packages.ts'
import { run } from '../../build/processes.ts'
import { fetchedOnce } from '../stand-ins/fetched-once.ts'

/** QEMU for programs of Linux on arm64, from Debian's package, which has it linked with nothing; returns its path. */
export async function arm64Emulator(): Promise<string> {
  const folder = await fetchedOnce('qemu-user', async (arriving) => {
    const { files } = await debianPackages({ architecture: 'amd64', needed: [], alone: ['qemu-user'] })
    for (const file of files) await run('dpkg-deb', ['--extract', file, arriving])
  })
  const emulator = join(folder, 'usr/bin/qemu-aarch64')
  if (!existsSync(emulator)) throw new Error(`Debian's qemu-user has no ${emulator}`)
  return emulator
}
