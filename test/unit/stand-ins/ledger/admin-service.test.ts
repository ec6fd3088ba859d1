import { status } from '@grpc/grpc-js'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Faults } from '../../../stand-ins/ledger/gate/faults.ts'
import { FormerGate, Gate } from '../../../stand-ins/ledger/gate/gate.ts'
import { startServer } from '../../../stand-ins/ledger/gate/server.ts'
import { ServiceClient } from './clients.ts'

type Version = '4' | '3' | '2'

async function withServer(t: Pick<Test, 'teardown'>, version: Version = '4') {
  const gate = version === '4' ? new Gate() : new FormerGate()
  const faults = new Faults()
  const execute = async () => {
    await gate.letIn()
    gate.letOut()
    return 'done'
  }
  const server = await startServer({ ports: [0, 0, 0], version, gate, faults, tls: undefined, execute, log: () => {} })
  const [ledgerPort, , adminPort] = server.ports
  const admin = new ServiceClient('rpc.Admin', `127.0.0.1:${adminPort}`)
  const ledger = new ServiceClient('rpc.Ledger', `127.0.0.1:${ledgerPort}`)
  t.teardown(() => {
    admin.close()
    ledger.close()
    server.stop()
  })
  const paused = async () => (await admin.call('CheckPaused')).value['paused']
  return { gate, faults, server, admin, ledger, paused }
}

const waiting = (max_pause_wait_time?: number) => ({
  wait_outstanding: true,
  ...(max_pause_wait_time === undefined ? {} : { max_pause_wait_time }),
})

t.test('an idle server pauses within milliseconds and stays so until Unpause', async (t) => {
  const { admin, paused } = await withServer(t)
  await admin.call('CheckPaused')
  const start = Date.now()
  t.equal((await admin.call('Pause', waiting())).code, status.OK)
  t.ok(Date.now() - start < 10_000, 'it waits for nothing, where the usual wait is 30 s')
  t.equal((await admin.call('Pause', waiting())).code, status.OK, 'again')
  t.equal(await paused(), true)
  t.equal((await admin.call('Unpause')).code, status.OK)
  t.equal(await paused(), false, 'two pauses, one Unpause')
  t.equal((await admin.call('Unpause')).code, status.OK, 'idempotent')
})

t.test('a maximum wait that is not positive is refused, and the gate untouched', async (t) => {
  const { admin, paused } = await withServer(t)
  for (const ms of [0, -1]) {
    const answer = await admin.call('Pause', waiting(ms))
    t.equal(answer.code, status.INVALID_ARGUMENT)
    t.equal(answer.errorInfo, undefined)
  }
  t.equal(await paused(), false)
  t.equal(
    (await admin.call('Pause', { wait_outstanding: false, max_pause_wait_time: 0 })).code,
    status.OK,
    'ignored where it does not wait',
  )
})

t.test('every way a pause can fail has its status and its reason', async (t) => {
  const { gate, admin, paused } = await withServer(t)
  gate.occupy()
  let answer = await admin.call('Pause', waiting(50))
  t.strictSame([answer.code, answer.errorInfo], [status.FAILED_PRECONDITION, 'com.scalar.dl.admin TIMED_OUT'])
  t.equal(await paused(), false)

  await admin.call('Pause', {})
  answer = await admin.call('Pause', waiting(50))
  t.strictSame(
    [answer.code, answer.errorInfo],
    [status.FAILED_PRECONDITION, 'com.scalar.dl.admin TIMED_OUT_STILL_PAUSED'],
  )
  t.equal(await paused(), true)
  await admin.call('Unpause')

  const draining = admin.call('Pause', waiting(5000))
  while ((await paused()) !== true) await sleep(5)
  answer = await admin.call('Pause', {})
  t.strictSame([answer.code, answer.errorInfo], [status.ABORTED, 'com.scalar.dl.admin PAUSE_IN_PROGRESS'])
  await admin.call('Unpause')
  answer = await draining
  t.strictSame([answer.code, answer.errorInfo], [status.ABORTED, 'com.scalar.dl.admin GATE_OPEN'])
})

t.test('a pause whose client gave up is completed all the same', async (t) => {
  const { gate, admin, paused } = await withServer(t)
  gate.occupy()
  const given = admin.call('Pause', waiting(20_000), 500)
  while (gate.isOpen) await sleep(5)
  t.equal((await given).code, status.DEADLINE_EXCEEDED)
  gate.letOut()
  t.equal(await paused(), true)
})

t.test('requests are held while paused, and the health says SERVING on every port', async (t) => {
  const { admin, ledger, server } = await withServer(t)
  await admin.call('Pause', waiting())
  t.equal((await ledger.call('ExecuteContract', {}, 50)).code, status.DEADLINE_EXCEEDED)
  for (const port of server.ports) {
    const health = new ServiceClient('grpc.health.v1.Health', `127.0.0.1:${port}`)
    t.equal((await health.call('Check', { service: 'whatever' })).value['status'], 'SERVING')
    t.equal((await health.call('Watch')).code, status.UNIMPLEMENTED)
    health.close()
  }
  const held = ledger.call('ExecuteContract')
  await admin.call('Unpause')
  t.equal((await held).value['contract_result'], 'done')
})

t.test('a 3.x server fails with the bare status, and takes the earlier pause down with it', async (t) => {
  const { gate, admin, paused } = await withServer(t, '3')
  gate.occupy()
  await admin.call('Pause', {})
  const answer = await admin.call('Pause', waiting(50))
  t.strictSame([answer.code, answer.errorInfo], [status.FAILED_PRECONDITION, undefined])
  t.equal(await paused(), false)
})

t.test('an old server knows neither CheckPaused nor a maximum wait', async (t) => {
  const { gate, admin } = await withServer(t, '2')
  t.equal((await admin.call('CheckPaused')).code, status.UNIMPLEMENTED)
  gate.occupy()
  t.equal((await admin.call('Pause', waiting(50), 300)).code, status.DEADLINE_EXCEEDED, 'it waits on, for its own 30 s')
  gate.letOut()
  t.equal((await admin.call('Pause', waiting())).code, status.OK)
})

t.test('faults: failing, late and missing answers', async (t) => {
  const { faults, gate, admin, paused } = await withServer(t)
  faults.set({ fail: { Unpause: { code: 'UNAVAILABLE', forMs: 2000 } } })
  await admin.call('Pause', waiting())
  t.equal((await admin.call('Unpause')).code, status.UNAVAILABLE)
  t.equal(await paused(), true)
  let answered = await admin.call('Unpause')
  while (answered.code === status.UNAVAILABLE) answered = await admin.call('Unpause')
  t.equal(answered.code, status.OK)
  faults.set({ hang: ['Pause'] })
  t.equal((await admin.call('Pause', waiting(), 1000)).code, status.DEADLINE_EXCEEDED)
  t.equal(gate.isOpen, false, 'it acted')
  faults.set({ delayMs: { Unpause: 80 } })
  const start = Date.now()
  await admin.call('Unpause')
  t.ok(Date.now() - start >= 75, 'a timer may be early by a millisecond or two')
  faults.set({ delayMs: { CheckPaused: 60_000 } })
  const late = admin.call('CheckPaused', {}, 30_000)
  await sleep(50)
  faults.set({})
  t.equal((await late).code, status.OK, 'it is healed, and answers')
})
