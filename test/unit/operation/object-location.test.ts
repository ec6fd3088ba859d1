import t from 'tap'
import { formatObjectLocation, objectLocation } from '../../../operation/storage/object-location.ts'

t.test('what names a bucket or a container is read and written the same', (t) => {
  const s3 = objectLocation('s3', 'backups', ['a', 'b'], 'region=eu-west-1&endpoint=http://minio:9000/&secret=minio')
  t.strictSame(s3, {
    kind: 's3',
    bucket: 'backups',
    path: 'a/b',
    options: { endpoint: 'http://minio:9000', region: 'eu-west-1', secret: 'minio' },
  })
  t.equal(formatObjectLocation(s3), 's3://backups/a/b?endpoint=http://minio:9000&region=eu-west-1&secret=minio')
  t.equal(formatObjectLocation(objectLocation('s3', 'backups', [], '')), 's3://backups')
  const key = 'arn:aws:kms:eu-west-1:1:key/a b'
  const encrypted = objectLocation(
    's3',
    'backups',
    [],
    new URLSearchParams({ sse: 'aws:kms', 'kms-key': key }).toString(),
  )
  t.equal(formatObjectLocation(encrypted), 's3://backups?kms-key=arn:aws:kms:eu-west-1:1:key/a%20b&sse=aws:kms')
  t.strictSame(objectLocation('azblob', 'account1', ['backups', 'a'], 'access-tier=Cool'), {
    kind: 'azblob',
    account: 'account1',
    container: 'backups',
    path: 'a',
    options: { 'access-tier': 'Cool' },
  })
  t.equal(
    formatObjectLocation(objectLocation('azblob', 'account1', ['backups', 'a'], '')),
    'azblob://account1/backups/a',
  )
  t.end()
})

t.test('what cannot be is refused by name', (t) => {
  const s3: [string, RegExp][] = [
    ['endpoint=minio', /endpoint= is no http/],
    ['endpoint=http://user:secret@minio', /more in it than a host/],
    ['endpoint=file:///etc', /endpoint= is no http/],
    ['region=eu&region=us', /region= is given twice/],
    ['secret-access-key=abc', /"secret-access-key" is no option/],
    ['sse=none', /sse= is/],
    ['kms-key=a', /kms-key= needs sse/],
    ['storage-class=GLACIER', /archive/],
    ['path-style=yes', /path-style= is true or false/],
    ['secret=../a', /cannot be the name of a Secret/],
  ]
  for (const [query, message] of s3) t.throws(() => objectLocation('s3', 'backups', [], query), { message }, query)
  t.throws(() => objectLocation('s3', 'Backups', [], ''), { message: /cannot be the name of a bucket/ })
  t.throws(() => objectLocation('azblob', 'an-account', ['backups'], ''), { message: /storage account/ })
  t.throws(() => objectLocation('azblob', 'account1', [], ''), { message: /name of a container/ })
  t.throws(() => objectLocation('azblob', 'account1', ['backups'], 'region=eu'), { message: /no option/ })
  t.end()
})
