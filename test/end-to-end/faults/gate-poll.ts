import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs in a node's network, where pods' addresses are known, so that it needs no API server. Reads commands, one JSON
 * object a line: `{"watch":IP}` has the stand-in there asked for its history from now on,
 * `{"id":N,"ip":IP,"faults":TEXT}` sets its faults. Writes what it learns, one JSON object a line: `{"seen":…}` and
 * `{"id":N,"ok":…}`.
 */
const everyMs = 200
const watched = new Set<string>()

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

function ask(ip: string, path: string, body?: string): Promise<Response> {
  const signal = AbortSignal.timeout(2000)
  return fetch(`http://${ip}:8080${path}`, body === undefined ? { signal } : { signal, method: 'POST', body })
}

async function watch(ip: string): Promise<void> {
  for (;;) {
    try {
      const history: unknown = await (await ask(ip, '/history')).json()
      say({ seen: ip, atMs: Date.now(), history })
    } catch {
      // stopped, gone, or starting
    }
    await sleep(everyMs)
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as { watch: string } | { id: number; ip: string; faults: string }
  if ('watch' in command) {
    if (!watched.has(command.watch)) void watch(command.watch)
    watched.add(command.watch)
  } else {
    ask(command.ip, '/faults', command.faults).then(
      ({ ok }) => say({ id: command.id, ok }),
      () => say({ id: command.id, ok: false }),
    )
  }
}
// Whoever asked has ended.
process.exit(0)
