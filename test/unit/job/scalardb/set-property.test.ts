import t from 'tap'
import { setProperty, writtenValue } from '../../../../job/scalardb/set-property.ts'

const key = 'scalar.db.dynamo.namespace.prefix'

t.test('a property that is there gets the new value, all else stays byte for byte', async (t) => {
  const text = `# Ledger\nscalar.db.storage=dynamo\n${key}: old-\nscalar.db.password={{ default .Env.PASSWORD "" }}\n`
  t.equal(
    setProperty(text, key, 'new-'),
    `# Ledger\nscalar.db.storage=dynamo\n${key}=new-\nscalar.db.password={{ default .Env.PASSWORD "" }}\n`,
  )
})

t.test('a property that is not there is added at the end, on a line of its own', async (t) => {
  t.equal(setProperty('a=1\n', key, 'new-'), `a=1\n${key}=new-\n`)
  t.equal(setProperty('a=1', key, 'new-'), `a=1\n${key}=new-\n`)
  t.equal(setProperty('a=1\r\n', key, 'new-'), `a=1\r\n${key}=new-\r\n`)
})

t.test('a removed property leaves nothing behind, so that what was added can be taken back', async (t) => {
  t.equal(setProperty(setProperty('a=1\nb=2\n', key, 'new-'), key, undefined), 'a=1\nb=2\n')
})

t.test('comments, other keys that begin alike and values that go on over lines are not touched', async (t) => {
  const text = `#${key}=x\n${key}.more=y\nlong=one,\\\n${key}=z\n`
  t.equal(writtenValue(text, key), undefined)
  t.equal(setProperty(text, key, 'new-'), `${text}${key}=new-\n`)
})

t.test('of several assignments Java takes the last; only one is left', async (t) => {
  t.equal(writtenValue(`${key}=a\n${key} b\n`, key), 'b')
  t.equal(setProperty(`${key}=a\nx=1\n${key} b\n`, key, 'c'), `x=1\n${key}=c\n`)
})
