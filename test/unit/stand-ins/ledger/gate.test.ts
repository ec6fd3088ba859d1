import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { FormerGate, Gate, GateAbandoned } from '../../../stand-ins/ledger/gate/gate.ts'

t.test('an idle gate closes at once, however often it is asked', async (t) => {
  const gate = new Gate()
  t.equal(await gate.pause(1000), 'PAUSED')
  t.equal(await gate.pause(1000), 'PAUSED')
  t.equal(await gate.pause(undefined), 'PAUSED')
  gate.open()
  t.equal(gate.isOpen, true, 'pauses are not counted: one opening ends them all')
})

t.test('a waiting pause returns when the last request is done, and is closed all the while', async (t) => {
  const gate = new Gate()
  await gate.letIn()
  await gate.letIn()
  let result: string | undefined
  const pausing = gate.pause(5000).then((value) => (result = value))
  gate.letOut()
  await sleep(20)
  t.equal(result, undefined, 'one of two requests done is not drained')
  t.equal(gate.isOpen, false)
  gate.letOut()
  t.equal(await pausing, 'PAUSED')
})

t.test('a pause that does not wait leaves requests running', async (t) => {
  const gate = new Gate()
  await gate.letIn()
  t.equal(await gate.pause(undefined), 'PAUSED')
  t.equal(gate.outstanding, 1)
})

t.test('a drain that is too slow opens the gate again', async (t) => {
  const gate = new Gate()
  await gate.letIn()
  t.equal(await gate.pause(30), 'TIMED_OUT')
  t.equal(gate.isOpen, true)
})

t.test('a drain that is too slow leaves an earlier pause alone', async (t) => {
  const gate = new Gate()
  await gate.letIn()
  await gate.pause(undefined)
  t.equal(await gate.pause(30), 'TIMED_OUT_STILL_PAUSED')
  t.equal(gate.isOpen, false)
})

t.test('while a pause drains, one that does not wait is refused', async (t) => {
  const gate = new Gate()
  await gate.letIn()
  const first = gate.pause(5000)
  t.equal(await gate.pause(undefined), 'PAUSE_IN_PROGRESS')
  gate.letOut()
  t.equal(await first, 'PAUSED')
})

t.test('while a pause drains, another waits its turn as long as it may', async (t) => {
  const gate = new Gate()
  await gate.letIn()
  const first = gate.pause(5000)
  t.equal(await gate.pause(30), 'PAUSE_IN_PROGRESS')
  t.equal(gate.isOpen, false, 'the first one still drains')
  const third = gate.pause(5000)
  gate.letOut()
  t.strictSame(await Promise.all([first, third]), ['PAUSED', 'PAUSED'])
})

t.test('an unpause during the drain ends the pause', async (t) => {
  const gate = new Gate()
  await gate.letIn()
  const pausing = gate.pause(5000)
  gate.open()
  t.equal(await pausing, 'GATE_OPEN')
  t.equal(gate.isOpen, true)
})

t.test('requests that arrive while paused are held until the gate opens', async (t) => {
  const gate = new Gate()
  await gate.pause(undefined)
  let entered = false
  const entering = gate.letIn().then(() => (entered = true))
  await sleep(20)
  t.equal(entered, false)
  t.equal(gate.held, 1)
  gate.open()
  await entering
  t.equal(gate.outstanding, 1)
  t.equal(gate.held, 0)
})

t.test('requests that are held when the server ends are turned away', async (t) => {
  const gate = new Gate()
  await gate.pause(undefined)
  const held = gate.letIn()
  gate.abandon()
  await t.rejects(held, GateAbandoned)
  await t.rejects(gate.letIn(), GateAbandoned)
})

t.test('up to 3.x, a drain that is too slow opens the gate under an earlier pause', async (t) => {
  const gate = new FormerGate()
  await gate.letIn()
  await gate.pause(undefined)
  t.equal(await gate.pause(30), 'TIMED_OUT')
  t.equal(gate.isOpen, true)
})

t.test('the history tells every time that the gate was closed, and one that still lasts', async (t) => {
  for (const gate of [new Gate(), new FormerGate()]) {
    t.strictSame(gate.history.closed, [], 'open from the start')
    const before = Date.now()
    await gate.pause(undefined)
    await gate.pause(1000)
    t.equal(gate.history.closed.length, 1, 'a second pause of a closed gate is the same time')
    t.equal(gate.history.closed[0]?.until, undefined)
    gate.open()
    gate.open()
    await gate.letIn()
    await gate.pause(30)
    const [first, second] = gate.history.closed
    t.ok(first && first.from >= before && (first.until ?? 0) >= first.from && (first.until ?? Infinity) <= Date.now())
    t.ok(second && (second.until ?? 0) - second.from >= 25, 'a drain that failed was a time too')
    t.equal(gate.history.closed.length, 2)
  }
})
