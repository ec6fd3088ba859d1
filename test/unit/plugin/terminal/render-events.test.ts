import t from 'tap'
import type { WorkerEvent } from '../../../../operation/event.ts'
import { eventView } from '../../../../plugin/terminal/render-events.ts'
import type { Terminal } from '../../../../plugin/terminal/terminal.ts'

/** A terminal that keeps what a person would see. */
function recording(): { terminal: Terminal; lines: string[] } {
  const lines: string[] = []
  const line = (prefix: string) => (text: string) => void lines.push(prefix + text)
  const terminal: Terminal = {
    interactive: false,
    verbose: false,
    data: (...texts) => texts.forEach(line('out ')),
    document: line('out '),
    part: async (text) => line('out ')(text),
    note: (...texts) => texts.forEach(line('')),
    warning: line('Warning: '),
    begin(text) {
      lines.push(`begin ${text}`)
      return { update: line('… '), succeed: line('ok '), warn: line('warn '), fail: line('fail ') }
    },
    ask: async () => '',
    style: (_kind, text) => text,
    interrupted: new AbortController().signal,
  }
  return { terminal, lines }
}

function shown(...events: (Pick<WorkerEvent, 'code' | 'message'> & Partial<WorkerEvent>)[]): string[] {
  const { terminal, lines } = recording()
  const view = eventView(terminal)
  for (const [at, event] of events.entries())
    view.show({ seq: at + 1, time: '2026-11-21T09:30:00Z', level: 'info', ...event })
  view.end()
  return lines
}

t.test('a phase begins, moves and ends with its time', async (t) => {
  const lines = shown(
    { code: 'phase', message: 'dump' },
    { code: 'progress', message: 'ledger', data: { done: 50_000_000, total: 100_000_000, unit: 'bytes' } },
    { code: 'phase-done', message: 'dump', data: { name: 'dump', ms: 1500 } },
  )
  t.strictSame(lines, ['begin dump', '… dump: ledger 50 % of 100.0 MB', 'ok dump (1.5 s)'])
})

t.test('what becomes of each table is a line of its own, on a terminal one of a board', async (t) => {
  const boards: (readonly string[] | undefined)[] = []
  const { terminal, lines } = recording()
  const view = eventView({
    ...terminal,
    begin: () => ({
      update: (text, board) => void (lines.push(text), boards.push(board)),
      succeed: () => undefined,
      warn: () => undefined,
      fail: () => undefined,
    }),
  })
  const event = (subject: string, phase: string, data: Record<string, unknown>) =>
    view.show({
      seq: 1,
      time: '2026-11-21T09:30:00Z',
      level: 'info',
      code: 'progress',
      message: `${subject} ${phase};`,
      data: { subject, phase, elapsedMs: 0, unit: 'tables', total: 20, ...data },
    })
  view.show({ seq: 1, time: '2026-11-21T09:30:00Z', level: 'info', code: 'phase', message: 'load' })
  event('scalar.asset', 'restoring', { done: 0, elapsedMs: 61_000, leftMs: 125_000 })
  event('coordinator.state', 'restoring', { done: 0 })
  event('scalar.asset', 'done', { done: 1 })
  t.strictSame(lines, [
    'load: scalar.asset restoring; 0 of 20 tables',
    'load: coordinator.state restoring; 0 of 20 tables',
    'load: scalar.asset done; 1 of 20 tables',
  ])
  t.strictSame(boards[0], ['load: 0 of 20 tables', '  scalar.asset  restoring, 1 min 1 s, about 2 min 5 s left'])
  t.equal(boards[1]?.length, 3)
  t.match(boards[2], ['load: 1 of 20 tables', /coordinator.state {2}restoring/])
  for (let at = 0; at < 20; at += 1) event(`table-${at}`, 'waiting for its turn', { done: 1 })
  t.match(boards.at(-1)?.at(-1), /and 9 more/, 'no more than a screen holds')
})

t.test('what went wrong in a phase marks it, and the verdict is left to say why', async (t) => {
  const lines = shown(
    { code: 'phase', message: 'dump' },
    { code: 'failed', message: 'no room', level: 'error' },
    { code: 'finished', message: 'finished' },
  )
  t.strictSame(lines, ['begin dump', 'fail dump'])
})

t.test('a phase that failed is not ticked off', async (t) => {
  const lines = shown(
    { code: 'phase', message: 'preflight' },
    { code: 'phase-done', message: 'preflight', data: { name: 'preflight', ms: 400, failed: true } },
  )
  t.strictSame(lines, ['begin preflight', 'fail preflight (400 ms)'])
})

t.test('findings are shown with their cure, those without a fault are not', async (t) => {
  const finding = { check: 'space', subject: 'pvc://b', outcome: 'error', message: '1 MB free', cure: 'make room' }
  const lines = shown(
    { code: 'finding', message: 'space', data: finding, level: 'error' },
    { code: 'finding', message: 'fine', data: { ...finding, outcome: 'ok' } },
  )
  t.equal(lines.length, 2)
  t.match(lines.join('\n'), /1 MB free\n.*cure: make room/)
})

t.test('a code of a newer worker is shown as its message', async (t) => {
  t.match(shown({ code: 'brand-new', message: 'something' })[0], /something/)
})

t.test('a detach leaves no phase looking finished', async (t) => {
  t.match(shown({ code: 'phase', message: 'dump' }).at(-1), /warn dump \(goes on\)/)
})
