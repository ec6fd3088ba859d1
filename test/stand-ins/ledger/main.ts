import { openBank, type Bank } from './data/bank.ts'
import { readSettings } from './settings.ts'
import { runStandIn } from './stand-in.ts'

const usage = `usage: main [serve]        run the stand-in
       main check          whether the workload's data is consistent, as JSON; exit code 1 if not
       main damage         spoil the workload's data, for something to restore
       main state          how the stand-in in this container is
       main history        when its gate was closed
       main faults JSON    replace its faults`

const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
const log = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`)

async function control(path: string, body?: string): Promise<void> {
  const port = process.env['STAND_IN_CONTROL_PORT'] ?? '8080'
  const response = await fetch(`http://127.0.0.1:${port}${path}`, body === undefined ? {} : { method: 'POST', body })
  process.stdout.write(await response.text())
  if (!response.ok) process.exitCode = 1
}

async function withBank<T>(work: (bank: Bank) => Promise<T>): Promise<T> {
  const bank = await openBank(readSettings(process.env))
  try {
    return await work(bank)
  } finally {
    await bank.close()
  }
}

async function serve(): Promise<void> {
  // Until everything runs there is nothing to finish.
  let stop = () => Promise.resolve()
  let ending = false
  const end = () => {
    if (ending) return
    ending = true
    log('ending')
    // 143 is what a JVM exits with on SIGTERM.
    void stop().finally(() => process.exit(143))
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  stop = await runStandIn(readSettings(process.env), log)
}

async function main([command = 'serve', argument]: string[]): Promise<void> {
  switch (command) {
    case 'serve':
      await serve()
      break
    case 'check': {
      const verdict = await withBank((bank) => bank.check())
      print(verdict)
      process.exitCode = verdict.holds ? 0 : 1
      break
    }
    case 'damage':
      print(await withBank((bank) => bank.damage()))
      break
    case 'state':
    case 'history':
      await control(`/${command}`)
      break
    case 'faults':
      await control('/faults', argument ?? '{}')
      break
    default:
      process.stderr.write(`${usage}\n`)
      process.exitCode = 2
  }
}

void main(process.argv.slice(2))
