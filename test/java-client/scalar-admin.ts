import { execFile } from 'node:child_process'
import { ensureJavaClient } from './ensure.ts'

/** How a run of the client ended. */
export interface ClientRun {
  exitCode: number
  /** what it wrote, log lines and JSON alike */
  output: string
}

/** With wrong libraries the client is known to hang for ever. */
const limitMs = 60_000

/**
 * Runs Scalar's own command-line client, e.g. with `-c`, `PAUSE`, `-a`, `127.0.0.1:50053`.
 * @throws Error where it does not end within a minute.
 */
export async function scalarAdmin(...args: string[]): Promise<ClientRun> {
  const classPath = await ensureJavaClient()
  // A short run is over before the optimising compiler pays.
  const quick = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
  return new Promise((resolve, reject) => {
    execFile(
      'java',
      [...quick, '-cp', classPath, 'com.scalar.admin.AdminCommand', ...args],
      { timeout: limitMs, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const output = `${stdout}${stderr}`
        if (error?.killed === true)
          reject(new Error(`scalar-admin ${args.join(' ')} did not end within ${limitMs} ms: ${output}`))
        else resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, output })
      },
    )
  })
}
