import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const startMs = 120_000

/**
 * The shell's input ends when this process does, even by SIGKILL; then the shell ends the server. Where the server ends
 * first, so does the shell.
 */
const script = `exec 3<&0
"$@" 3<&- </dev/null & server=$!
(cat <&3 >/dev/null; kill -9 $server) & watch=$!
wait $server; kill $watch`

/**
 * Starts a server in a process of its own and waits until it answers. It ends with this process, however that ends, and
 * does not keep this process from ending.
 * @param name for people
 * @param answers an address of it, or what throws until it answers
 * @returns what ends it, by SIGKILL
 * @throws Error with the server's words where it ends, or does not answer within two minutes
 */
export async function startServerProcess(
  name: string,
  answers: string | (() => Promise<void>),
  command: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<() => Promise<void>> {
  const child = spawn('sh', ['-c', script, 'sh', ...command], { env: environment, stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  let words = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (words = (words + data.toString()).slice(-4000)))
  child.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref()
  const stop = async () => {
    child.ref()
    child.stdin.end()
    await ended
  }
  const ask = typeof answers === 'string' ? async () => void (await (await fetch(answers)).arrayBuffer()) : answers
  const deadline = Date.now() + startMs
  for (;;) {
    try {
      await ask()
      return stop
    } catch (error) {
      if (Date.now() > deadline || child.exitCode !== null) {
        await stop()
        throw new Error(`${name} did not start: ${words}`, { cause: error })
      }
      await sleep(50)
    }
  }
}
