import { spawn } from 'node:child_process'
import { countsOf, sum, type Counts } from './counts.ts'

/**
 * `npm test`: types, lint, unit tests, then the end-to-end tests on a real cluster and
 * the fault matrix on one that it breaks. Everything runs even when an earlier
 * part failed, and the closing line counts them all.
 */
const parts: readonly { title: string; command: string[] }[] = [
  { title: 'types', command: ['tsc'] },
  { title: 'lint', command: ['oxlint', '--deny-warnings'] },
  { title: 'layout', command: ['oxfmt', '--check', '.'] },
  // tap's test class is made once per installation; a run that finds none yet fails
  {
    title: 'unit',
    command: [
      'sh',
      '-c',
      'tap build >/dev/null && tap run --jobs=2 --timeout=240 --reporter=tap "test/unit/**/*.test.ts"',
    ],
  },
  { title: 'end to end', command: ['node', 'test/end-to-end/run.ts'] },
  { title: 'faults', command: ['node', 'test/end-to-end/faults/run.ts'] },
]

async function run(title: string, command: readonly string[]): Promise<Counts> {
  const startedAt = Date.now()
  process.stdout.write(`\n== ${title}: ${command.join(' ')}\n`)
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    process.stdout.write(chunk)
  })
  const code = await new Promise<number>((resolve, reject) =>
    child.on('error', reject).on('close', (status) => resolve(status ?? 1)),
  )
  const counts = countsOf(output, code)
  process.stdout.write(
    `== ${title}: ${counts.passed} passed, ${counts.failed} failed in ${Math.round((Date.now() - startedAt) / 1000)} s\n`,
  )
  return counts
}

let total: Counts = { passed: 0, failed: 0 }
for (const { title, command } of parts) total = sum(total, await run(title, command))
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`)
process.exitCode = total.failed === 0 ? 0 : 1
