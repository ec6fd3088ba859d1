import { resolve } from 'node:path'
import { loadSync } from '@grpc/proto-loader'
import t from 'tap'
import { adminErrorReason, definitions, loaderOptions } from '../../../../job/servers/admin-protocol.ts'

const proto = resolve(import.meta.dirname, '../../../../proto')

/** A definition without the files that it came from. */
function comparable(definition: unknown): string {
  return JSON.stringify(definition, (key, value: unknown) => (key === 'fileDescriptorProtos' ? undefined : value), 1)
}

t.test('the protocol inside the worker is the one of proto/', (t) => {
  const fromFiles = loadSync([`${proto}/admin.proto`, `${proto}/google-rpc.proto`], loaderOptions)
  t.strictSame(Object.keys(definitions).sort(), Object.keys(fromFiles).sort())
  for (const [name, definition] of Object.entries(fromFiles)) {
    t.equal(comparable(definitions[name]), comparable(definition), name)
  }
  t.end()
})

t.test('a trailer that is no status has no reason, and does no harm', (t) => {
  t.equal(adminErrorReason(undefined), undefined)
  t.equal(adminErrorReason('text'), undefined)
  t.equal(adminErrorReason(Buffer.from('ffffffff', 'hex')), undefined)
  t.end()
})
