import t, { type Test } from 'tap'
import { Failure } from '../../../../operation/failure.ts'
import { configMapName, guardJobName, jobName, keySecretName } from '../../../../operation/names.ts'
import { createOperation } from '../../../../plugin/kubernetes/jobs/compose/create-operation.ts'
import { inOrder } from '../../../../plugin/kubernetes/jobs/compose/operation-objects.ts'
import { finishMaking } from '../../../../plugin/kubernetes/jobs/half-made.ts'
import { resumeNamed } from '../../../../plugin/operations/resume-named.ts'
import { pauseObjects, pauseRequest } from '../kubernetes/jobs/compose/a-pause.ts'
import { ObjectStore } from '../kubernetes/object-store.ts'
import { recordingTerminal } from '../terminal/recording-terminal.ts'

const releases = pauseRequest.target.releases.map(({ name }) => name)
const flags = { name: 'p', timeout: undefined, wait: true, dryRun: 'none' }

/** A cluster that has the first of an operation's objects, as a command leaves it that is killed then. */
async function madeUpTo(t: Test, count: number) {
  const store = new ObjectStore()
  const session = await store.session(t)
  let writes = 0
  store.beforeWrite = () => {
    writes += 1
    if (writes === count) store.fault = 'broken'
  }
  await createOperation(session, pauseObjects, 'json', 'none').catch(() => undefined)
  store.beforeWrite = undefined
  store.fault = undefined
  const { terminal, lines } = recordingTerminal()
  return { store, session, terminal, lines }
}

const beforeTheJob = inOrder(pauseObjects).indexOf(pauseObjects.job)
for (let count = 1; count <= beforeTheJob; count += 1) {
  t.test(`a command that was killed when it had made ${count} objects leaves the name free`, async (t) => {
    const { store, session, terminal, lines } = await madeUpTo(t, count)
    t.equal(store.objects.size, count)
    t.equal(await resumeNamed(session, terminal, 'pause', flags, releases), undefined)
    t.match(lines[0], /^pause-p has no Job yet; waiting 5\.0 s for the command that makes it$/)
    t.match(lines[1], /pause-p never began/)
    t.equal(lines.length, 2)
    t.strictSame([...store.objects.keys()], [])
    await createOperation(session, pauseObjects, 'json', 'none')
    t.equal(store.objects.size, inOrder(pauseObjects).length)
  })
}

t.test('a dry run removes nothing', async (t) => {
  const { store, session, terminal } = await madeUpTo(t, beforeTheJob)
  await t.rejects(resumeNamed(session, terminal, 'pause', { ...flags, dryRun: 'server' }, releases), Failure)
  t.equal(store.objects.size, beforeTheJob)
})

t.test('one whose Job is about to be made by another command is followed', async (t) => {
  const { store, session, terminal, lines } = await madeUpTo(t, beforeTheJob)
  setTimeout(() => {
    store.job('pause-p', 'pause', { type: 'Complete' })
    store.record({ operation: 'pause-p', kind: 'pause', state: 'succeeded', releases, exitCode: 0 })
  }, 1000)
  t.match(await resumeNamed(session, terminal, 'pause', flags, releases), { state: 'succeeded' })
  t.match(lines[0], /has no Job yet/, 'who waits is told so')
  t.match(lines.join('\n'), /under way already/)
})

t.test(
  'a command that was killed when it had made the Job leaves guard and key to the next one to give away',
  async (t) => {
    const { store, session } = await madeUpTo(t, beforeTheJob + 1)
    const job = store.objects.get(`jobs/${jobName('pause-p')}`)
    store.put('jobs', { ...job, metadata: { ...job?.metadata, uid: 'uid-job' } })
    const guard = () => store.objects.get(`jobs/${guardJobName('pause-p')}`)
    t.match(guard(), { spec: { suspend: true } }, 'until then it has no pod, which could be placed beside the worker')
    await finishMaking(session, 'pause-p')
    for (const path of [`jobs/${guardJobName('pause-p')}`, `secrets/${keySecretName('pause-p')}`])
      t.match(store.objects.get(path)?.metadata?.ownerReferences, [{ uid: 'uid-job', kind: 'Job' }])
    t.match(guard(), { spec: { suspend: false } }, 'it starts')
  },
)

t.test('one whose Job is there is followed without waiting for that', async (t) => {
  const { store, session, terminal, lines } = await madeUpTo(t, inOrder(pauseObjects).length)
  setTimeout(() => {
    store.job('pause-p', 'pause', { type: 'Complete' })
    store.record({ operation: 'pause-p', kind: 'pause', state: 'succeeded', releases, exitCode: 0 })
  }, 500)
  t.match(await resumeNamed(session, terminal, 'pause', flags, releases), { state: 'succeeded' })
  t.notMatch(lines.join('\n'), /has no Job yet/)
})

t.test('one that has ended is refused, and kept', async (t) => {
  const { store, session, terminal } = await madeUpTo(t, beforeTheJob)
  store.record({ operation: 'pause-p', kind: 'pause', state: 'succeeded', releases, exitCode: 0 })
  await t.rejects(resumeNamed(session, terminal, 'pause', flags, releases), Failure)
  t.ok(store.objects.has(`configmaps/${configMapName('pause-p', 'request')}`))
})
