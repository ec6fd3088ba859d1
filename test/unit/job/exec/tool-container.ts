import { spawn } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { starterScript } from '../../../../build/images/root.ts'
import { unpackDebian } from '../../../stand-ins/debian-packages.ts'
import { fetchedOnce } from '../../../stand-ins/fetched-once.ts'

/** The container of an administrator's own tool: the real starter, as a process of this machine. */
export interface ToolContainer {
  /** shared with the worker */
  folder: string
  /** as the kubelet starts it, and starts it anew where it has ended */
  start(): void
  /** as the kubelet ends it with its pod */
  kill(): Promise<void>
}

const starter = await starterFolder()

async function starterFolder(): Promise<string> {
  const packages = await fetchedOnce('busybox-static-trixie', (folder) =>
    unpackDebian(folder, { release: 'trixie', names: ['busybox-static'] }),
  )
  const [busybox = ''] = globSync('root/{,usr/}bin/busybox', { cwd: packages })
  const folder = mkdtempSync(join(tmpdir(), 'starter-'))
  cpSync(join(packages, busybox), join(folder, 'busybox'))
  cpSync(starterScript, join(folder, 'starter.sh'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/**
 * A container that has started, and ends with the test.
 * @param variables of its environment, as its image or its Job sets them
 */
export function toolContainer(
  t: Test,
  command: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): ToolContainer {
  const folder = mkdtempSync(join(tmpdir(), 'exec-'))
  const running = new Set<Promise<void>>()
  const killers = new Set<() => void>()
  const container: ToolContainer = {
    folder,
    start() {
      const args = ['ash', join(starter, 'starter.sh'), folder, ...command]
      const child = spawn(join(starter, 'busybox'), args, {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, ...variables, STARTER_GRACE: '1' },
      })
      const kill = () => void child.kill('SIGTERM')
      killers.add(kill)
      running.add(
        new Promise((resolve) =>
          child.on('exit', () => {
            killers.delete(kill)
            resolve()
          }),
        ),
      )
    },
    async kill() {
      for (const kill of killers) kill()
      await Promise.all(running)
    },
  }
  t.teardown(async () => {
    await container.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  container.start()
  return container
}
