import t, { type Test } from 'tap'
import { jobName, operationName } from '../../../../operation/names.ts'
import { until } from '../../stage/gates.ts'
import { recordOf } from '../../stage/records.ts'
import { endOf, inSituation, Matrix, unusable, usable, type BySituation, type Case } from '../fault-case.ts'
import { FaultStage } from '../fault-stage.ts'

/** Plugins that die, and operations that meet. */
const at = await FaultStage.open('faults-plugin')
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)

/** Starts the plugin and kills it once this holds. */
async function killedOnce(one: Case, holds: () => Promise<unknown>): Promise<void> {
  one.willBegin('backup')
  const { child, ended } = at.stage.startScalardl(one.command('backup'))
  await holds()
  await one.fault(() => child.kill('SIGKILL'))
  await ended
}

const exists = (...object: string[]) =>
  at.stage.kubectl(['get', ...object, '-o', 'name', '--ignore-not-found']).then((name) => name !== '')

matrix.case(
  'killed-making',
  'the plugin killed while it makes its objects; the same command again',
  usable,
  async (one, t) => {
    await killedOnce(one, () =>
      until('the request is there', () => exists('configmap', `scalardl-${one.operation}.request`)),
    )
    await again(one, t)
  },
)

matrix.case('killed-at-start', 'the plugin killed once its Job is made', usable, async (one, t) => {
  await killedOnce(one, () => until('the Job is there', () => exists('job', jobName(one.operation))))
  await again(one, t)
})

matrix.case('killed-paused', 'the plugin killed in the pause', usable, async (one) => {
  await one.slowPause(3000)
  await killedOnce(one, () => one.allPaused())
})

matrix.case('killed-dumping', 'the plugin killed while it dumps', usable, async (one) => {
  await killedOnce(one, () => one.inPhase('dump'))
})

/** The same command again follows what is under way, or begins what never was. */
async function again(one: Case, t: Test): Promise<void> {
  const run = await at.stage.scalardl(one.command('backup'))
  t.equal(run.code, 0, run.stderr)
}

const rival = 'rival'
const inUse = /in use|has it|under way|another/i

/** Two pauses were made of two backups; of one the other was refused, and only the rival's record says which. */
const byWhoPaused: BySituation = async (one) => {
  if (one.pauses() === 2) return inSituation('each paused after the other', usable)
  const { ended } = endOf(await recordOf(at.stage, operationName('backup', rival)))
  return ended === 'usable'
    ? inSituation('the rival alone paused', unusable(inUse))
    : inSituation('it alone paused', usable)
}

matrix.case('racing', 'two backups of one release at once', byWhoPaused, async (one, t) => {
  one.willBegin('backup')
  await one.fault(() =>
    Promise.all(
      [one.command('backup'), one.command('backup').map((word) => (word === one.name ? rival : word))].map((command) =>
        at.stage.scalardl(command),
      ),
    ),
  )
  const records = await Promise.all(
    [one.operation, operationName('backup', rival)].map((operation) => recordOf(at.stage, operation)),
  )
  t.ok(
    records.every((record) => endOf(record).ended !== 'neither'),
    'both end in one of the two states',
  )
  const usableOnes = records.filter((record) => endOf(record).ended === 'usable')
  t.ok(usableOnes.length > 0, 'one of them is usable')
  t.equal(usableOnes.length, one.pauses(), 'each that paused is usable, and no other')
  const windows = records.flatMap((record) => record.windows).sort((a, b) => a.pauseSentAt.localeCompare(b.pauseSentAt))
  t.notOk(
    windows.some(({ pauseSentAt }, index) => pauseSentAt < (windows[index - 1]?.allUnpausedAt ?? '')),
    'they were never in a pause together',
  )
})

matrix.case(
  'pause-and-backup',
  'a backup begun in the pause of another',
  unusable(/paused|in use|has it/),
  async (one, t) => {
    await at.stage.scalardl(['pause', 'my', '--name', 'theirs', '--duration', '9s', '--wait=false'])
    await one.allPaused()
    await one.fault(() => one.begin('backup'))
    await at.stage.scalardl(['wait', one.operation])
    await at.stage.scalardl(['wait', operationName('pause', 'theirs')])
    t.equal(
      endOf(await recordOf(at.stage, operationName('pause', 'theirs'))).ended,
      'usable',
      'nobody has ended the pause of the other',
    )
  },
)

matrix.restores()
