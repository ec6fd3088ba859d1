import t from 'tap'
import { countsOf } from '../counts.ts'

t.test('a tap run is counted by its closing line', (t) => {
  t.strictSame(countsOf('ok 1\n# { total: 7, pass: 7 }\n# time=3ms\n', 0), { passed: 7, failed: 0 })
  t.strictSame(countsOf('# { total: 7, pass: 5, fail: 2 }\n', 1), { passed: 5, failed: 2 })
  t.strictSame(
    countsOf('# { total: 3, pass: 2, fail: 1 }\nok 2\n# { total: 4, pass: 4 }\n', 1),
    { passed: 6, failed: 1 },
    'several runs count together',
  )
  t.end()
})

t.test('a run that crashed never counts as green', (t) => {
  t.strictSame(countsOf('# { total: 7, pass: 7 }\n', 1), { passed: 7, failed: 1 })
  t.strictSame(countsOf('', 1), { passed: 0, failed: 1 })
  t.strictSame(countsOf('', 0), { passed: 1, failed: 0 })
  t.end()
})
