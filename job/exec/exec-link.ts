// Room: the administrator's own tool: a further container of the worker's Job, and the one command that it runs.
// Read operator-command, exec-link, then starter.sh, which waits in that container.

import { constants } from 'node:fs'
import { chmod, open, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../operation/failure.ts'
import { mounts } from '../../operation/request.ts'

/** How a command ended. */
export type CommandEnd =
  | { how: 'exited'; code: number }
  /** it could not be started */
  | { how: 'failed'; why: string }
  /** its container was started anew while it ran: out of memory, for one */
  | { how: 'lost' }

/** One run of the command, as the worker asks for it. */
export interface Run {
  /** from 1 in this pod; each is asked for once */
  number: number
  env: Readonly<Record<string, string>>
  /** names that the command finds in its file of artefacts, to which it adds its own */
  artefacts: readonly string[]
  /** ScalarDB's properties, which the command finds at mounts.loaderProperties while it runs */
  properties?: string | undefined
  /** takes what the command writes, line by line, the first of it */
  heard(line: string): void
  /** aborted where the command has to end at once */
  signal: AbortSignal
}

/** The worker's end of the folder that it shares with the container of the administrator's tool. */
export interface ExecLink {
  /**
   * Asks the container whether it stands ready, and waits for its answer: one that has gone since does not answer.
   * @returns why its command cannot run, undefined where it can
   * @throws Failure where it does not come within `patienceMs`; the signal's reason
   */
  ready(patienceMs: number, signal: AbortSignal): Promise<string | undefined>
  /**
   * Starts the command and waits for its end.
   * @throws the signal's reason, once the container was told to end the command; nobody waits for that
   */
  run(run: Run): Promise<CommandEnd>
  /** what the command of a run said it has made, a line each */
  artefacts(number: number): Promise<string[]>
}

const lookMs = 100
/** The longest line that is shown, and the most lines and bytes that are read: whoever writes them is not ours. */
const most = { lineLength: 1000, firstLines: 200, lastLines: 100, bytes: 300 * 4096 + 10_000, artefacts: 200 }

/** @param folder shared with the container, see starter.sh */
export function execLink(folder: string): ExecLink {
  const path = (name: string) => join(folder, name)
  return {
    async ready(patienceMs, signal) {
      const untilMs = performance.now() + patienceMs
      await rm(path('ready'), { force: true })
      for (;;) {
        const said = await readSmall(path('ready'))
        if (said !== undefined) return said.trim() === '' ? undefined : said.trim()
        if (performance.now() > untilMs)
          throw new Failure({
            what: 'the container of your own tool does not stand ready, nothing was paused',
            why: `${path('ready')} did not appear`,
            next: 'look at it with `kubectl logs` and `kubectl describe` of the pod; -v shows more',
          })
        await sleep(lookMs)
        signal.throwIfAborted()
      }
    },
    async run({ number, env, artefacts, properties, heard, signal }) {
      const output = followLines(path(`${number}.output`), heard)
      const names = path(`${number}.artefacts`)
      await writeFile(names, artefacts.map((name) => `${name}\n`).join(''))
      // The command may run as another user.
      await chmod(names, 0o666)
      const config = path(basename(mounts.loaderProperties))
      if (properties !== undefined) await writeFile(config, properties)
      await writeFile(path(`${number}.env`), linesOf({ ...env, SCALARDL_ARTEFACTS: names }))
      signal.throwIfAborted()
      await rename(path(`${number}.env`), path(`${number}.go`))
      try {
        for (;;) {
          const ended = await readSmall(path(`${number}.ended`))
          await output.look(ended !== undefined)
          if (ended !== undefined) return endOf(ended.trim())
          await sleep(lookMs, undefined, { signal })
        }
      } catch (error) {
        await writeFile(path(`${number}.stop`), '')
        await output.look(true)
        signal.throwIfAborted()
        throw error
      } finally {
        await rm(config, { force: true })
      }
    },
    async artefacts(number) {
      const text = (await readSmall(path(`${number}.artefacts`))) ?? ''
      return text
        .split('\n')
        .map((line) => line.trim().slice(0, most.lineLength))
        .filter((line) => line !== '')
        .slice(0, most.artefacts)
    },
  }
}

/** NAME=VALUE lines; a value of several lines becomes one. */
function linesOf(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value.replaceAll(/[\r\n\0]+/g, ' ')}\n`)
    .join('')
}

function endOf(text: string): CommandEnd {
  const [, code] = /^exit (\d{1,3})$/.exec(text) ?? []
  if (code !== undefined) return { how: 'exited', code: Number(code) }
  const [, why] = /^failed (.+)$/s.exec(text) ?? []
  return why === undefined ? { how: 'lost' } : { how: 'failed', why: why.slice(0, most.lineLength) }
}

/** A file that another container wrote: no link is followed, no pipe is waited for, and no more is read than fits. */
async function readPart(path: string, from: number): Promise<Buffer | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      // It is written under another name, or with other rights, until it is whole.
      if (error.code === 'ENOENT' || error.code === 'EACCES') return undefined
      throw error
    },
  )
  if (file === undefined) return undefined
  try {
    if (!(await file.stat()).isFile()) return undefined
    const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536), 0, 65_536, from)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function readSmall(path: string): Promise<string | undefined> {
  return (await readPart(path, 0))?.toString('utf8')
}

/**
 * Tells the lines of a file that grows. Of too many, the first are told at once, and the last at its end: they say why
 * a command failed.
 */
function followLines(path: string, heard: (line: string) => void) {
  const decoder = new TextDecoder()
  const last: string[] = []
  let [read, told, dropped, rest] = [0, 0, 0, '']
  const take = (line: string) => {
    if (told < most.firstLines) {
      told += 1
      heard(line.slice(0, most.lineLength))
    } else if (last.push(line.slice(0, most.lineLength)) > most.lastLines) {
      last.shift()
      dropped += 1
    }
  }
  return {
    async look(isLast: boolean): Promise<void> {
      for (;;) {
        const part = read < most.bytes ? await readPart(path, read).catch(() => undefined) : undefined
        if (part === undefined || part.length === 0) break
        read += part.length
        const [...lines] = (rest + decoder.decode(part, { stream: true })).split('\n')
        rest = (lines.pop() ?? '').slice(0, most.lineLength)
        for (const line of lines) take(line)
      }
      if (!isLast) return
      if (rest !== '') take(rest)
      if (dropped > 0) heard('… and more, which is not shown …')
      for (const line of last) heard(line)
    },
  }
}
