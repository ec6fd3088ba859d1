import t from 'tap'
import { formatSeries } from '../../../bench/figures/report.ts'
import { formatSpread, spreadOf } from '../../../bench/figures/statistics.ts'

t.test('a spread is the median between the least and the most', async (t) => {
  t.match(spreadOf([30, 10, 20]), { median: 20, min: 10, max: 30, values: [30, 10, 20] })
  t.equal(spreadOf([10, 9, 100, 11]).median, 10.5, 'of an even number the middle of the two in the middle')
  t.throws(() => spreadOf([]), RangeError)
})

t.test('long times are told in seconds', async (t) => {
  t.equal(formatSpread(spreadOf([150, 140, 160])), '150 ms (140–160)')
  t.equal(formatSpread(spreadOf([900, 1500])), '1.20 s (0.90–1.50)')
})

t.test('the table ends with how many times the last is of the first', async (t) => {
  const table = formatSeries('BACKUP', [
    { title: '10 MB', rounds: [{ pause: 100 }, { pause: 120 }, { pause: 140 }] },
    { title: '1 GB', rounds: [{ pause: 180 }, { pause: 150 }, { pause: 200 }] },
  ])
  t.equal(
    table,
    'BACKUP   10 MB              1 GB               1 GB / 10 MB\npause    120 ms (100–140)   180 ms ' +
      '(150–200)   1.50×\n',
  )
})
