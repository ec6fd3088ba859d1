import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { allClosed, until, type GuardedScene } from './guarded-scene.ts'

/** A worker in a process of its own that has paused all; its Lease seems to live as long as `cluster.renewing` says. */
export async function pausingProcess(
  t: Test,
  { cluster, request, port, ledgers }: GuardedScene,
): Promise<ChildProcess & { said: string[] }> {
  cluster.held.set('my-ledger', request.operation)
  const worker = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('worker-process.ts', import.meta.url)),
      JSON.stringify({ pods: ledgers.map(({ pod }) => pod), request, port }),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const said: string[] = []
  worker.stdout.on('data', (text: Buffer) => said.push(text.toString()))
  t.teardown(() => worker.kill('SIGKILL'))
  await until('the pause', () => said.join('').includes('paused'))
  t.ok(allClosed(ledgers))
  return Object.assign(worker, { said })
}
