import t from 'tap'
import { awsForRestores } from '../restore-aws.ts'
import { restoreRequest, restoreStages, unprotect } from '../restore-stage.ts'
import { each, killedAt, plain, plainly, sameWorld, undisturbed } from '../restore-walk.ts'
import { worldOf } from '../restored-world.ts'

const aws = await awsForRestores(t)

/** Counted from the end: these come once the restored data serves, while what it replaced is removed. */
const lastMoments = [0, 1, 2, 3, 4, 5, 6]

t.test(
  'killed at one of the last moments of its steps, a restore in place that removes what it replaced is finished, ' +
    'not taken back',
  async (t) => {
    const [whole, ...stages] = await restoreStages(
      t,
      aws,
      ['whole-', ...lastMoments.map((last) => `l${last}-`)],
      unprotect,
    )
    const request = (name: string) => restoreRequest(name, { strategy: 'replace' }, { dropPrevious: true })
    const moments = plainly(await undisturbed(t, whole, request('whole')), plain('whole'))
    const wanted = await worldOf(whole.clients, 'whole-')
    t.strictSame(wanted.tables, whole.atPoint.tables)
    const recorded = whole.record('restore-whole')?.restore
    t.match(recorded, { serving: 'restored', databases: [{ state: 'in-service', previous: undefined }] })
    await each([...stages.entries()], async ([last, stage]) => {
      const moment = moments.at(-1 - last)
      if (moment === undefined) throw new Error('the restore has too few steps')
      const name = `l${last}`
      await killedAt(t, stage, request(name), moment, plain(name))
      sameWorld(t, await worldOf(stage.clients, `${name}-`), wanted, `killed at ${moment.step}`)
      t.match(
        stage.record(`restore-${name}`)?.restore,
        { serving: 'restored', databases: [{ state: 'in-service', previous: undefined }] },
        moment.step,
      )
    })
  },
)
