import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { adminClient, type AdminClient } from '../../../job/servers/client.ts'
import { products } from '../../../operation/product.ts'
import { ground, type Stage } from './stage.ts'

const adminPort = products.find(({ app }) => app === 'ledger')?.adminPort ?? 0

/** A port of `pod/NAME` or `deployment/NAME`, on this machine until it is closed. */
export async function forwarded(stage: Stage, of: string, port: number): Promise<{ port: number; close(): void }> {
  const { kubectl, kubeconfig, context } = ground()
  const forward = spawn(
    kubectl,
    ['--kubeconfig', kubeconfig, '--context', context, '-n', stage.namespace, 'port-forward', of, `:${port}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    const [said] = (await once(forward.stdout, 'data', { signal: AbortSignal.timeout(240_000) })) as [Buffer]
    // Every further connection is a line, and nobody reads them.
    forward.stdout.resume()
    const [, local] = /127\.0\.0\.1:(\d+)/.exec(said.toString()) ?? []
    return { port: Number(local), close: () => void forward.kill() }
  } catch (error) {
    forward.kill()
    throw error
  }
}

/** Speaks to a Ledger pod's admin port as somebody else would, apart from every operation. */
export async function asSomebodyElse(
  stage: Stage,
  pod: string,
  run: (admin: AdminClient) => Promise<unknown>,
): Promise<void> {
  const { port, close } = await forwarded(stage, `pod/${pod}`, adminPort)
  try {
    const admin = adminClient({ host: '127.0.0.1', port }, undefined)
    await run(admin).finally(() => admin.close())
  } finally {
    close()
  }
}
