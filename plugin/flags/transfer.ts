import type { Argv } from 'yargs'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'

/** How fast a storage is read and written. */
export function transferFlags<T>(yargs: Argv<T>) {
  return yargs.option('limit-bandwidth', {
    type: 'string',
    requiresArg: true,
    describe: 'how fast the storage is read or written at most, by all connections together, like 50MB/s',
  })
}

const units: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9, Ki: 1 << 10, Mi: 1 << 20, Gi: 1 << 30 }

/** The part of a request that these flags are. @throws Failure (usage) for what is no rate */
export function readTransfer({ limitBandwidth: text }: { limitBandwidth?: string | undefined }): {
  bytesPerSecond?: number
} {
  if (text === undefined) return {}
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([kMG]i?|)B\/s$/.exec(text.replace(/^([\d.]+ ?)K/, '$1k')) ?? []
  const bytesPerSecond = Math.round(Number(number) * (units[unit === 'ki' ? 'Ki' : unit] ?? Number.NaN))
  if (bytesPerSecond > 0) return { bytesPerSecond }
  throw new Failure(
    {
      what: `--limit-bandwidth cannot be ${text}`,
      why: 'it has to be a number of bytes a second, with a unit',
      next: 'write it like --limit-bandwidth 50MB/s or 800KiB/s',
    },
    { exitCode: ExitCode.usage },
  )
}
