import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import type { WorkerEvent } from '../../../../../operation/event.ts'
import type { Session } from '../../../../../plugin/kubernetes/api/session.ts'
import { Failure } from '../../../../../operation/failure.ts'
import { followEvents } from '../../../../../plugin/kubernetes/logs/follow-log.ts'
import { answerJson, answerStatus, sessionWith } from '../api-server.ts'

const operation = 'backup-b1'

/** What a log request meets instead of its log: an error, or an end after so many bytes. */
type Fault = { code: number } | { bytes: number; end: 'broken' | 'clean' }

class Pod {
  readonly name: string
  readonly uid: string
  readonly created: string
  /** as the node keeps it: each line with its time stamp */
  text = ''
  state: 'waiting' | 'running' | 'terminated' = 'running'
  gone = false
  readonly changed = new EventEmitter().setMaxListeners(50)

  constructor(name: string, created: string) {
    this.name = name
    this.uid = `uid-${name}`
    this.created = created
  }

  write(text: string): void {
    this.text += text
    this.changed.emit('change')
  }

  end(how: 'terminated' | 'gone'): void {
    this.state = 'terminated'
    this.gone = how === 'gone'
    this.changed.emit('change')
  }

  get object() {
    return {
      metadata: {
        name: this.name,
        uid: this.uid,
        creationTimestamp: this.created,
        labels: { 'batch.kubernetes.io/job-name': `scalardl-${operation}` },
      },
      spec: { containers: [{ name: 'worker' }] },
      status: { containerStatuses: [{ name: 'worker', state: { [this.state]: {} } }] },
    }
  }
}

/**
 * The few paths of the API that the follower uses, with the log's `sinceTime` in whole seconds as the real one has it.
 */
class Cluster {
  pods: Pod[] = []
  faults: Fault[] = []
  conditions: { type: string; status: string; reason?: string }[] = []
  logRequests = 0

  async start(t: { teardown(run: () => void): unknown }): Promise<Session> {
    const { session, close } = await sessionWith((_request, response, url) => {
      const pod = this.pods.find(
        (pod) => !pod.gone && url.pathname.startsWith(`/api/v1/namespaces/ns/pods/${pod.name}`),
      )
      if (url.pathname.endsWith('/jobs/scalardl-backup-b1'))
        answerJson(response, { metadata: {}, status: { conditions: this.conditions } })
      else if (url.pathname.endsWith('/pods'))
        answerJson(response, { items: this.pods.filter((pod) => !pod.gone).map((pod) => pod.object) })
      else if (pod === undefined) answerStatus(response, 404, 'pod not found')
      else if (url.pathname.endsWith('/log')) this.#log(pod, url, response)
      else answerJson(response, pod.object)
    })
    t.teardown(close)
    return session
  }

  #log(pod: Pod, url: URL, response: ServerResponse): void {
    this.logRequests += 1
    const fault = this.faults.shift()
    if (fault !== undefined && 'code' in fault)
      return answerStatus(response, fault.code, 'etcdserver: request timed out')
    const since = Math.floor(Date.parse(url.searchParams.get('sinceTime') ?? '1970-01-01T00:00:00Z') / 1000) * 1000
    let sent = 0
    const send = (): void => {
      const wanted = pod.text
        .split(/(?<=\n)/)
        .filter((line) => Date.parse(line.split(' ')[0] ?? '') >= since)
        .join('')
      const until = fault === undefined ? wanted.length : Math.min(fault.bytes, wanted.length)
      if (until > sent) response.write(wanted.slice(sent, until))
      sent = until
      const done = pod.state === 'terminated' || url.searchParams.get('follow') !== 'true'
      if (fault !== undefined && until >= fault.bytes) {
        pod.changed.off('change', send)
        // let what was written go out first, since a cut loses nothing that has arrived
        if (fault.end === 'broken') setTimeout(() => response.destroy(), 5)
        else response.end()
      } else if (done) {
        pod.changed.off('change', send)
        response.end()
      }
    }
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.flushHeaders()
    pod.changed.on('change', send)
    send()
  }
}

function stamp(ms: number): string {
  return new Date(Date.parse('2026-11-21T09:30:00Z') + ms).toISOString().replace('Z', '123456Z')
}

function event(seq: number, message = `line ${seq}`): string {
  return JSON.stringify({
    seq,
    time: '2026-11-21T09:30:00Z',
    level: 'info',
    code: 'note',
    message,
  } satisfies WorkerEvent)
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

const limit = () => AbortSignal.timeout(60_000)

t.test('every line is shown once, whatever becomes of the connection', async (t) => {
  const cluster = new Cluster()
  const pod = new Pod('p1', '2026-11-21T09:30:00Z')
  // 300 events over 3 s, so that every reconnection repeats many of them; some beside lines that are none
  for (const seq of numbers(1, 300)) {
    pod.text += `${stamp(seq * 10)} ${event(seq)}\n`
    if (seq % 50 === 0) pod.text += `${stamp(seq * 10)} pg_dump: same words\n${stamp(seq * 10)} pg_dump: same words\n`
  }
  pod.end('terminated')
  cluster.pods = [pod]
  cluster.conditions = [{ type: 'Complete', status: 'True' }]
  cluster.faults = [
    { code: 500 },
    { bytes: 40, end: 'broken' },
    { bytes: 1234, end: 'broken' },
    { code: 503 },
    { bytes: 2001, end: 'clean' },
    { bytes: 13_333, end: 'broken' },
    { bytes: 9000, end: 'clean' },
  ]
  const session = await cluster.start(t)
  const seen: WorkerEvent[] = []
  await followEvents(session, operation, (event) => seen.push(event), limit())
  t.strictSame(
    seen.filter((event) => event.seq > 0).map((event) => event.seq),
    numbers(1, 300),
  )
  t.equal(
    seen.filter((event) => event.message === 'pg_dump: same words').length,
    12,
    'lines that are equal in time and text are lines of their own',
  )
  t.equal(cluster.faults.length, 0, 'every fault was met')
})

t.test('lines out of order of time are not lost at a cut', async (t) => {
  const cluster = new Cluster()
  const pod = new Pod('p1', '2026-11-21T09:30:00Z')
  const first = `${stamp(2000)} stdout\n`
  pod.text = `${first}${stamp(1900)} stderr, stamped earlier\n`
  pod.end('terminated')
  cluster.pods = [pod]
  cluster.conditions = [{ type: 'Complete', status: 'True' }]
  cluster.faults = [{ bytes: first.length, end: 'broken' }]
  const session = await cluster.start(t)
  const seen: string[] = []
  await followEvents(session, operation, (event) => seen.push(event.message), limit())
  t.strictSame(seen, ['stdout', 'stderr, stamped earlier'])
})

t.test('a replaced pod is followed on, and the end is the end of the Job', async (t) => {
  const cluster = new Cluster()
  const first = new Pod('p1', '2026-11-21T09:30:00Z')
  const second = new Pod('p2', '2026-11-21T09:31:00Z')
  second.state = 'waiting'
  cluster.pods = [first]
  const session = await cluster.start(t)
  const seen: string[] = []
  const following = followEvents(session, operation, (event) => seen.push(event.message), limit())
  let ended = false
  void following.then(() => (ended = true))

  first.write(`${stamp(0)} ${event(1, 'first pod, 1')}\n`)
  await t.resolves(
    until(() => seen.length === 1),
    'a line is shown while the pod still writes',
  )
  first.write(`${stamp(1)} ${event(2, 'first pod, 2')}\n${stamp(2)} Killed`)
  first.end('gone')
  cluster.pods = [first, second]
  await until(() => seen.length === 3)
  await pause(1000)
  t.equal(ended, false, 'a Job that has not finished may start another pod')

  second.state = 'running'
  second.write(`${stamp(60_000)} ${event(1, 'second pod, 1')}\n`)
  await until(() => seen.length === 4)
  second.write(`${stamp(60_001)} ${event(2, 'second pod, 2')}\n`)
  second.end('terminated')
  await pause(300)
  cluster.conditions = [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }]
  await following
  t.strictSame(seen, ['first pod, 1', 'first pod, 2', 'Killed', 'second pod, 1', 'second pod, 2'])
})

t.test('a log that may not be read is a Failure, not silence', async (t) => {
  const cluster = new Cluster()
  cluster.pods = [new Pod('p1', '2026-11-21T09:30:00Z')]
  cluster.faults = [{ code: 403 }]
  const session = await cluster.start(t)
  await t.rejects(
    followEvents(session, operation, () => {}, limit()),
    Failure,
  )
})

t.test('detaching ends the follower with the reason of the signal', async (t) => {
  const cluster = new Cluster()
  cluster.pods = [new Pod('p1', '2026-11-21T09:30:00Z')]
  const session = await cluster.start(t)
  const controller = new AbortController()
  const following = followEvents(session, operation, () => {}, controller.signal)
  await until(() => cluster.logRequests === 1)
  controller.abort(new Error('detached'))
  await t.rejects(following, { message: 'detached' })
})

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function until(met: () => boolean): Promise<void> {
  for (let tries = 0; tries < 2400; tries += 1) {
    if (met()) return
    await pause(25)
  }
  throw new Error('it did not come to that within a minute')
}
