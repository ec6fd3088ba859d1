import { spawnSync } from 'node:child_process'

/** Has tap make its test class for this project's plugins, which it needs once an installation. */
export function makeTestClass(): void {
  const { status, stderr } = spawnSync('tap', ['build'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`tap could not make its test class: ${stderr}`)
}
