import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { podsOnly } from '../../../../../../plugin/kubernetes/jobs/compose/release-part.ts'
import { composeJob } from '../../../../../../plugin/kubernetes/jobs/compose/compose-job.ts'
import { composeGuardJob } from '../../../../../../plugin/kubernetes/jobs/compose/compose-guard-job.ts'
import { createOperation } from '../../../../../../plugin/kubernetes/jobs/compose/create-operation.ts'
import { operationObjects, shownObjects } from '../../../../../../plugin/kubernetes/jobs/compose/operation-objects.ts'
import { objectText } from '../../../../../../plugin/kubernetes/api/objects.ts'
import type { RequestOf } from '../../../../../../operation/request.ts'
import { Failure } from '../../../../../../operation/failure.ts'
import { answerJson, answerStatus, sessionWith } from '../../api-server.ts'
import { chartRelease } from './chart-deployment.ts'
import { jobOptions } from './job-options.ts'

const part = podsOnly(chartRelease())
const request: RequestOf<'unpause'> = {
  version: 1,
  kind: 'unpause',
  operation: 'unpause-u',
  namespace: 'ns',
  createdAt: '2026-11-21T09:30:00.000Z',
  createdBy: '0.1.0',
  target: { releases: [part.target], serviceUrls: [], addresses: [], tls: { enabled: false } },
  force: false,
}
const job = composeJob(request, [part], {}, jobOptions)
const objects = operationObjects(request, job)
const guarded = operationObjects(request, job, composeGuardJob(request, [part], {}, jobOptions))

interface Call {
  method: string | undefined
  path: string
  query: URLSearchParams
  type: string | undefined
  body: string
}

/**
 * An API server that answers the creation of Jobs (those whose text holds `which`) with `jobStatus`, and what it was
 * asked.
 */
async function serve(t: Test, jobStatus: number, which = '') {
  const calls: Call[] = []
  const { session, close } = await sessionWith((incoming, response, url) => {
    const answer = async () => {
      const body = await text(incoming)
      calls.push({
        method: incoming.method,
        path: url.pathname,
        query: url.searchParams,
        type: incoming.headers['content-type'],
        body,
      })
      if (incoming.method === 'POST' && url.pathname.endsWith('/jobs') && jobStatus !== 201 && body.includes(which))
        answerStatus(response, jobStatus, `no: ${jobStatus}`)
      else answerJson(response, { metadata: { uid: `uid-${calls.length}` } }, 201)
    }
    void answer()
  })
  t.teardown(close)
  return { session, calls }
}

/** What the tests look at of an object that is sent. */
interface Sent {
  metadata: { name?: string; ownerReferences?: unknown }
  spec?: { suspend?: boolean }
  stringData?: { key: string }
}

/** The method, and the name of the object, which a POST has in its body alone. */
function titleOf({ method, path, body }: Call): string {
  const name = method === 'POST' ? (JSON.parse(body) as Sent).metadata.name : path.split('/').at(-1)
  return `${method} ${name}`
}

/** Requests that came in steps of so many; those of a step come in any order. */
function steps(calls: readonly Call[], lengths: readonly number[]): string[][] {
  const left = calls.map(titleOf)
  return [...lengths.map((length) => left.splice(0, length).sort()), ...(left.length > 0 ? [left] : [])]
}

async function failureOf(run: Promise<void>): Promise<Failure> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof Failure) return error
  throw new Error(`not a Failure: ${String(error)}`)
}

t.test('what is sent is byte for byte what --dry-run prints, the Job last', async (t) => {
  const { session, calls } = await serve(t, 201)
  await createOperation(session, objects, 'yaml', 'none')
  t.strictSame(
    calls.map((call) => call.body),
    [objects.request, objects.record, objects.job].map((object) => objectText(object, 'yaml')),
  )
  t.equal(calls[2]?.path, '/apis/batch/v1/namespaces/ns/jobs')
  t.equal(calls[2]?.type, 'application/yaml')
  t.equal(calls[2]?.query.get('fieldManager'), 'kubectl-scalardl')
})

t.test('--dry-run=client sends nothing, --dry-run=server changes nothing', async (t) => {
  const { session, calls } = await serve(t, 201)
  await createOperation(session, objects, 'table', 'client')
  t.equal(calls.length, 0)
  await createOperation(session, objects, 'table', 'server')
  t.strictSame(
    calls.map((call) => call.query.get('dryRun')),
    ['All', 'All', 'All'],
  )
})

t.test('a refused Job leaves neither request nor record behind', async (t) => {
  const { session, calls } = await serve(t, 422)
  t.match(await failureOf(createOperation(session, objects, 'table', 'none')), { why: 'no: 422' })
  t.strictSame(
    calls.filter((call) => call.method === 'DELETE').map((call) => call.path.split('/').at(-1)),
    ['scalardl-unpause-u.record', 'scalardl-unpause-u.request'],
  )
})

t.test('a Job of that name that is there already is left alone', async (t) => {
  const { session, calls } = await serve(t, 409)
  t.match(await failureOf(createOperation(session, objects, 'table', 'none')), { next: /--name/ })
  t.notOk(calls.some((call) => call.method === 'DELETE' && call.path.includes('/jobs/')))
})

t.test("the key and the guard's Job come before the worker's, and go when that does", async (t) => {
  const { session, calls } = await serve(t, 201)
  await createOperation(session, guarded, 'json', 'none')
  t.strictSame(
    steps(calls, [1, 3, 1, 2]),
    [
      ['POST scalardl-unpause-u.request'],
      ['POST guard-unpause-u', 'POST scalardl-unpause-u.key', 'POST scalardl-unpause-u.record'],
      ['POST scalardl-unpause-u'],
      ['PATCH guard-unpause-u', 'PATCH scalardl-unpause-u.key'],
    ],
    'in these steps',
  )
  const sent = (which: string) => JSON.parse(calls.find((call) => titleOf(call) === which)?.body ?? '') as Sent
  const owner = { kind: 'Job', apiVersion: 'batch/v1', name: 'scalardl-unpause-u', uid: 'uid-5' }
  for (const which of ['PATCH guard-unpause-u', 'PATCH scalardl-unpause-u.key'])
    t.match(sent(which).metadata.ownerReferences, [owner])
  t.strictSame(
    ['POST guard-unpause-u', 'POST scalardl-unpause-u', 'PATCH guard-unpause-u'].map(
      (which) => sent(which).spec?.suspend,
    ),
    [true, undefined, false],
    'the guard is placed once there is a worker to keep away from',
  )
  const key = { stringData: { key: '', ...sent('POST scalardl-unpause-u.key').stringData } }
  t.match(key.stringData.key, /^[0-9a-f]{64}$/)
  t.not(key.stringData.key, operationObjects(request, job, guarded.guard).key?.stringData?.['key'], 'each has its own')
  t.notMatch(JSON.stringify(shownObjects(guarded)), key.stringData.key, 'nobody is shown one that is in use')
})

t.test('a guard that is refused takes the key, the record and the request back with it', async (t) => {
  const { session, calls } = await serve(t, 422, 'guard-unpause-u')
  t.match(await failureOf(createOperation(session, guarded, 'json', 'none')), {
    what: /guard-unpause-u/,
    why: 'no: 422',
  })
  t.strictSame(
    steps(
      calls.filter((call) => call.method === 'DELETE'),
      [2, 1],
    ),
    [['DELETE scalardl-unpause-u.key', 'DELETE scalardl-unpause-u.record'], ['DELETE scalardl-unpause-u.request']],
  )
})
