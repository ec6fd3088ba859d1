import { adminClient } from '../../../job/servers/client.ts'
import { parseAddress } from '../../../job/servers/targets.ts'

/** Asks all at once; ends with the first that fails, and the others stay as they are (ApplicationPauser). */
export async function onServers(addresses: readonly string[], what: 'pause' | 'unpause'): Promise<void> {
  await Promise.all(
    addresses.map(async (address) => {
      const client = adminClient(parseAddress(address), undefined)
      try {
        if (what === 'unpause') return await client.unpause(1000)
        const reply = await client.pause(30_000)
        if (reply.kind !== 'paused') throw new Error(reply.why ?? reply.kind)
      } finally {
        client.close()
      }
    }),
  )
}
