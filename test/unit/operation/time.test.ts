import t from 'tap'
import { parseTime } from '../../../operation/time.ts'
import { refused } from '../plugin/refused.ts'

t.test('a time is RFC 3339 with an offset, or UNIX seconds', async (t) => {
  const wanted = Date.UTC(2026, 10, 21, 9, 30, 0)
  for (const text of ['2026-11-21T09:30:00Z', '2026-11-21 18:30:00+09:00', String(wanted / 1000)])
    t.equal(parseTime(text), wanted, text)
  t.equal(parseTime('1795253400.123'), 1795253400123)
})

t.test('what may mean another moment elsewhere is refused', async (t) => {
  t.match(
    refused(() => parseTime('2026-11-21T09:30:00')),
    { exitCode: 2, why: /offset/ },
  )
  t.match(
    refused(() => parseTime('1795253400123')),
    { exitCode: 2, why: /milliseconds/, next: 'write 1795253400.123' },
  )
  for (const text of ['', 'now', '-5', '1e9', '2026-11-21'])
    t.match(
      refused(() => parseTime(text)),
      { exitCode: 2 },
    )
})
