import t from 'tap'
import { countsOf, filesOf, skipsOf } from '../counts.ts'
import { failuresOf } from '../failures.ts'
import { summaryOf } from '../summary.ts'

t.test('a tap run is counted by its closing line', (t) => {
  const counts = (output: string, exitCode: number) => countsOf(output, exitCode, 'tests')
  t.strictSame(counts('ok 1\n# { total: 7, pass: 7 }\n# time=3ms\n', 0), { passed: 7, failed: 0, skipped: 0 })
  t.strictSame(counts('# { total: 7, pass: 4, fail: 2, skip: 1 }\n', 1), { passed: 4, failed: 2, skipped: 1 })
  t.strictSame(counts('# { total: 3, pass: 1, todo: 1, skip: 1 }\n', 0), { passed: 1, failed: 0, skipped: 2 })
  t.strictSame(
    counts('# { total: 3, pass: 2, fail: 1 }\nok 2\n# { total: 4, pass: 4 }\n', 1),
    { passed: 6, failed: 1, skipped: 0 },
    'several runs count together',
  )
  t.end()
})

t.test('a run that crashed, or ran nothing, never counts as green', (t) => {
  t.strictSame(countsOf('# { total: 7, pass: 7 }\n', 1, 'tests'), { passed: 7, failed: 1, skipped: 0 })
  t.strictSame(countsOf('', 0, 'tests'), { passed: 0, failed: 1, skipped: 0 }, 'no file was found')
  t.strictSame(
    countsOf('# { total: 3, skip: 3 }\n', 0, 'tests'),
    { passed: 0, failed: 1, skipped: 3 },
    'no case was chosen',
  )
  t.strictSame(countsOf('', 1, 'check'), { passed: 0, failed: 1, skipped: 0 })
  t.strictSame(countsOf('', 0, 'check'), { passed: 1, failed: 0, skipped: 0 })
  t.end()
})

const output = `# Subtest: test/unit/a.test.ts
    ok 1 - with moto # SKIP there is no Python
    # Subtest: inner
        ok 1 - held # SKIP
    ok 2 - inner # time=12.5ms
ok 1 - test/unit/a.test.ts # time=2500.25ms

not ok 2 - test/unit/b.test.ts # time=31000ms
# { total: 4, pass: 1, fail: 1, skip: 2 }
`

t.test('what was skipped is found, with its reason, and how long each file took', (t) => {
  t.strictSame(skipsOf(output), [
    { name: 'with moto', reason: 'there is no Python' },
    { name: 'held', reason: '' },
  ])
  t.strictSame(filesOf(output), [
    { file: 'test/unit/a.test.ts', seconds: 2.50025 },
    { file: 'test/unit/b.test.ts', seconds: 31 },
  ])
  t.end()
})

t.test('the summary shows the slowest files first and ends in the counts', (t) => {
  const counts = countsOf(output, 1, 'tests')
  const failures = failuresOf(output)
  const unit = { title: 'unit', counts, skips: skipsOf(output), failures, files: filesOf(output), seconds: 34 }
  const green = { passed: 1, failed: 0, skipped: 0 }
  const types = { title: 'types', counts: green, skips: [], failures: [], files: [], seconds: 8 }
  t.equal(
    summaryOf([types, unit]),
    `
WHERE THE TIME WENT (s)
     8  types
    34  unit
    31      test/unit/b.test.ts
     3      test/unit/a.test.ts

SKIPPED
  with moto: there is no Python
  held: no reason is given

FAILED
  test/unit/b.test.ts # time=31000ms

2 passed, 1 failed, 2 skipped
`,
  )
  t.end()
})

t.test('what failed is named with its place, and with what tap says of it', (t) => {
  const said = `# Subtest: test/unit/a.test.ts
    # Subtest: outer
        ok 1 - holds
        # Subtest: inner
            not ok 1 - one is two
              ---
              source: >
                t.equal(1, 2, 'one is two')
              diff: |
                -2
                +1
              ...
            not ok 2 - known # TODO
            1..2
        not ok 2 - inner # time=23.9ms
          ---
          at: here
          ...
        1..2
    not ok 1 - outer # time=47.2ms
    not ok 2 - at the end
    1..2
not ok 1 - test/unit/a.test.ts # time=3067.6ms
# Subtest: test/unit/crashed.test.ts
    0..0
not ok 2 - test/unit/crashed.test.ts # time=20ms
  ---
  exitCode: 7
  ...
`
  t.strictSame(failuresOf(said), [
    { path: ['test/unit/a.test.ts', 'outer', 'inner', 'one is two'], details: ['diff: |', '  -2', '  +1'] },
    { path: ['test/unit/a.test.ts', 'at the end'], details: [] },
    { path: ['test/unit/crashed.test.ts # time=20ms'], details: ['exitCode: 7'] },
  ])
  t.end()
})
