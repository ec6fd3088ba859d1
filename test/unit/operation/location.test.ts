import t from 'tap'
import { Failure } from '../../../operation/failure.ts'
import { formatLocation, joinLocation, parseLocation, pathAt, splitLocation } from '../../../operation/location.ts'

t.test('a location of any kind is read, and written again as it was', (t) => {
  const texts = [
    'pvc://backups',
    'pvc://backups/ledger/nightly',
    's3://bucket',
    's3://bucket/ledger?endpoint=http://store:9000&path-style=false&secret=dumps',
    'azblob://account/container/ledger?access-tier=Cool',
  ]
  for (const text of texts) t.equal(formatLocation(parseLocation(text)), text)
  t.equal(formatLocation(parseLocation('s3://bucket//a/b/?secret=x')), 's3://bucket/a/b?secret=x')
  t.end()
})

t.test("a backup's folder is below the path, whatever the options", (t) => {
  const location = parseLocation('s3://bucket/ledger?region=eu-west-1')
  const folder = joinLocation(location, 'nightly')
  t.equal(formatLocation(folder), 's3://bucket/ledger/nightly?region=eu-west-1')
  t.strictSame(splitLocation(folder), { parent: location, name: 'nightly' })
  t.equal(pathAt('azblob://account/container?secret=x', 'nightly'), 'azblob://account/container/nightly?secret=x')
  t.throws(() => splitLocation(parseLocation('s3://bucket?region=x')), { message: /names no backup's folder/ })
  t.throws(() => splitLocation(parseLocation('azblob://account/container')), { message: /names no backup's folder/ })
  t.end()
})

t.test('what is none is refused, and said why', (t) => {
  const cases: Record<string, RegExp> = {
    backups: /form scheme/,
    'gs://bucket/x': /"gs" is not known; this version knows pvc, s3 and azblob/,
    'pvc://Backups': /cannot be the name of a PersistentVolumeClaim/,
    'pvc://backups/x?secret=y': /has no options/,
    's3://bucket/../other': /"\." or "\.\."/,
    's3://bucket/a b': /characters other than/,
    's3://B': /cannot be the name of a bucket/,
    's3://bucket?secrets=x': /"secrets" is no option of it/,
    'azblob://account': /"" cannot be the name of a container/,
  }
  for (const [text, why] of Object.entries(cases)) t.throws(() => parseLocation(text), { message: why }, text)
  t.end()
})

t.test('a password or a key that was typed into one is not shown', (t) => {
  const typed = 'wJalrX/K7MDENG+bPx'
  const shown: Record<string, string> = {
    [`s3://AKIA1:${typed}@bucket/x`]: 's3://…@bucket/x',
    [`https://user:${typed}@host/x`]: 'https://…@host/x',
    [`azblob://account/container/x?sv=2024&sig=${typed}==`]: 'azblob://account/container/x?sv=…&sig=…',
    [`s3://bucket/x?region=eu-west-1&secret=${typed}`]: 's3://bucket/x?region=eu-west-1&secret=…',
    [`s3://bucket/x?endpoint=https://me:${typed}@store`]: 's3://bucket/x?endpoint=…',
    [`s3://bucket/x?secret=a?b=${typed}`]: 's3://bucket/x?secret=…',
  }
  for (const [text, what] of Object.entries(shown)) {
    let said = ''
    try {
      parseLocation(text)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      said = `${error.what}\n${error.why}\n${error.next}`
    }
    t.match(said, `"${what}" is not a storage location\n`, text)
    t.notMatch(said, 'wJalrX')
  }
  t.end()
})
