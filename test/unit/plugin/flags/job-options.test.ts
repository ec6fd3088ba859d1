import t from 'tap'
import { readMirror, readToleration } from '../../../../plugin/flags/job-options.ts'
import { readPairs } from '../../../../plugin/flags/pairs.ts'
import { refused } from '../refused.ts'

t.test('tolerations are read as kubectl writes taints', async (t) => {
  t.strictSame(readToleration('dedicated'), { key: 'dedicated', operator: 'Exists' })
  t.strictSame(readToleration('dedicated=backup:NoSchedule'), {
    key: 'dedicated',
    operator: 'Equal',
    value: 'backup',
    effect: 'NoSchedule',
  })
  t.strictSame(readToleration('node.kubernetes.io/x:NoExecute'), {
    key: 'node.kubernetes.io/x',
    operator: 'Exists',
    effect: 'NoExecute',
  })
  t.match(
    refused(() => readToleration('a=b:Sometimes')),
    { exitCode: 2 },
  )
})

t.test('a mirror is a host with a path or without one', (t) => {
  for (const good of ['registry.example.com', 'localhost:5000', 'registry.example.com/a/b', undefined])
    t.equal(readMirror(good), good)
  for (const bad of ['https://registry.example.com', 'a b', '', 'registry.example.com/a:1', '/a']) {
    t.match(
      refused(() => readMirror(bad)),
      { exitCode: 2 },
    )
  }
  t.end()
})

t.test('a value may hold "=", a key may not be missing', async (t) => {
  t.strictSame(readPairs('--x', ['a=b=c', 'd=']), { a: 'b=c', d: '' })
  t.match(
    refused(() => readPairs('--x', ['=b'])),
    { exitCode: 2 },
  )
})
