import t from 'tap'
import { timeSpan } from '../../../../plugin/flags/numbers.ts'
import { refused } from '../refused.ts'

t.test('a time span is a duration within the bounds of its flag', async (t) => {
  t.equal(timeSpan('--fence-for', '1m30s', 0), 90_000)
  t.equal(timeSpan('--fence-for', '0s', 0), 0)
  t.match(
    refused(() => timeSpan('--ready-timeout', '0s', 1)),
    { exitCode: 2, what: '--ready-timeout cannot be 0s', why: /longer than nothing/ },
  )
  t.match(
    refused(() => timeSpan('--fence-for', '30d', 0)),
    { exitCode: 2, what: '--fence-for cannot be 30d', why: /24 days/ },
  )
})
