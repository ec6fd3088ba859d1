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
    data: line('out '),
    note: line(''),
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
  for (const [at, event] of events.entries()) view.show({ seq: at + 1, time: '2026-11-21T09:30:00Z', level: 'info', ...event })
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

t.test('what went wrong in a phase marks it, and the verdict is left to say why', async (t) => {
  const lines = shown({ code: 'phase', message: 'dump' }, { code: 'failed', message: 'no room', level: 'error' }, { code: 'finished', message: 'finished' })
  t.strictSame(lines, ['begin dump', 'fail dump'])
})

t.test('a phase that failed is not ticked off', async (t) => {
  const lines = shown({ code: 'phase', message: 'preflight' }, { code: 'phase-done', message: 'preflight', data: { name: 'preflight', ms: 400, failed: true } })
  t.strictSame(lines, ['begin preflight', 'fail preflight (400 ms)'])
})

t.test('findings are shown with their cure, those without a fault are not', async (t) => {
  const finding = { check: 'space', subject: 'pvc://b', outcome: 'error', message: '1 MB free', cure: 'make room' }
  const lines = shown({ code: 'finding', message: 'space', data: finding, level: 'error' }, { code: 'finding', message: 'fine', data: { ...finding, outcome: 'ok' } })
  t.equal(lines.length, 1)
  t.match(lines[0], /1 MB free\n.*cure: make room/)
})

t.test('a code of a newer worker is shown as its message', async (t) => {
  t.match(shown({ code: 'brand-new', message: 'something' })[0], /something/)
})

t.test('a detach leaves no phase looking finished', async (t) => {
  t.match(shown({ code: 'phase', message: 'dump' }).at(-1), /warn dump \(goes on\)/)
})
