import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { interruptedExitCode } from '../../../../job/process/interrupted.ts'
import { unrecordedExitCode } from '../../../../job/worker/worker.ts'
import { ExitCode } from '../../../../operation/exit-code.ts'
import type { JobObject } from '../../../../plugin/kubernetes/api/objects.ts'
import { readManifest } from '../../../../plugin/kubernetes/manifests.ts'

/** The exit code of a process that does this once it is ready for errors that nobody catches. */
async function exitCodeOf(script: string): Promise<number | null> {
  const module = new URL('../../../../job/worker/end-on-uncaught.ts', import.meta.url)
  const head = `import { endOnUncaught } from ${JSON.stringify(module)}
    const stop = new AbortController()
    endOnUncaught(stop, 100)\n`
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module-typescript', '--eval', head + script], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

t.test(
  'a worker that an error nobody caught keeps from its end is not taken for one that came to a verdict',
  async (t) => {
    t.equal(
      await exitCodeOf(`setInterval(() => undefined, 1000); setTimeout(() => { throw new Error('unforeseen') })`),
      unrecordedExitCode,
    )
    t.equal(
      await exitCodeOf(`setInterval(() => undefined, 1000); void Promise.reject(new Error('unforeseen'))`),
      unrecordedExitCode,
    )
    t.equal(
      await exitCodeOf(`setTimeout(() => { throw new Error('unforeseen') })`),
      unrecordedExitCode,
      'nor is one with nothing left to wait for',
    )
    t.equal(
      await exitCodeOf(
        `stop.signal.onabort = () => process.exit(5); setTimeout(() => { throw new Error('unforeseen') })`,
      ),
      5,
      'one that does end has its own',
    )
  },
)

t.test("a Job ends at its worker's verdict, and after some workers that gave none", async (t) => {
  const { spec } = readManifest<JobObject>('job/worker-job')
  const verdicts = spec?.podFailurePolicy?.rules
    .filter(({ action }) => action === 'FailJob')
    .flatMap(({ onExitCodes }) => onExitCodes?.values ?? [])
  t.strictSame(
    verdicts,
    Object.values(ExitCode).filter((code) => code !== ExitCode.done),
  )
  t.notOk(verdicts?.some((code) => code === unrecordedExitCode || code === interruptedExitCode))
  const without = spec?.podFailurePolicy?.rules.filter(({ action }) => action === 'Ignore')
  t.strictSame(
    without,
    [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }],
    'only what Kubernetes itself ends is no attempt',
  )
  t.ok((spec?.backoffLimit ?? Infinity) <= 6)
})
