import { resolve } from 'node:path'
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader'
import t from 'tap'
import { adminErrorReason, adminMethods } from '../../../../job/servers/admin-protocol.ts'

const proto = resolve(import.meta.dirname, '../../../../proto')
const fromFiles = loadSync([`${proto}/admin.proto`, `${proto}/google-rpc.proto`], {
  keepCase: true,
  longs: Number,
  defaults: true,
})

/** What goes over the wire for each call, and back. */
const examples: Record<keyof typeof adminMethods, { requests: object[]; responses: object[] }> = {
  Pause: {
    requests: [
      {},
      { wait_outstanding: true, max_pause_wait_time: 0 },
      { wait_outstanding: false, max_pause_wait_time: 30_000 },
      { max_pause_wait_time: Number.MAX_SAFE_INTEGER },
    ],
    responses: [{}],
  },
  Unpause: { requests: [{}], responses: [{}] },
  CheckPaused: { requests: [{}], responses: [{}, { paused: true }, { paused: false }] },
}

t.test('the protocol inside the worker is the one of proto/', (t) => {
  const service = fromFiles['rpc.Admin'] as ServiceDefinition
  t.strictSame(Object.keys(adminMethods).sort(), Object.keys(service).sort())
  for (const [name, { requests, responses }] of Object.entries(examples)) {
    const [own, file] = [adminMethods[name as keyof typeof adminMethods], service[name]]
    t.equal(own.path, file?.path)
    for (const request of requests)
      t.strictSame(
        (own.requestSerialize as (message: object) => Buffer)(request),
        file?.requestSerialize(request),
        `${name} ${JSON.stringify(request)}`,
      )
    for (const response of responses) {
      const bytes = file?.responseSerialize(response) ?? Buffer.of()
      t.strictSame(
        own.responseDeserialize(bytes),
        file?.responseDeserialize(bytes),
        `${name} ${JSON.stringify(response)}`,
      )
    }
  }
  t.end()
})

t.test('the reason of an error is read from the trailer', (t) => {
  const bytesOf = (name: string, message: object) =>
    (fromFiles[name] as MessageTypeDefinition<object, object>).serialize(message)
  const trailer = (domain: string, type_url = 'type.googleapis.com/google.rpc.ErrorInfo') =>
    bytesOf('google.rpc.Status', {
      code: 9,
      message: 'x',
      details: [
        { type_url: 'type.googleapis.com/google.rpc.Help', value: Buffer.from('other') },
        {
          type_url,
          value: bytesOf('google.rpc.ErrorInfo', { reason: 'TIMED_OUT', domain, metadata: { waited: '30 s' } }),
        },
      ],
    })
  t.equal(adminErrorReason(trailer('com.scalar.dl.admin')), 'TIMED_OUT')
  t.equal(adminErrorReason(trailer('com.example')), undefined)
  t.equal(adminErrorReason(trailer('com.scalar.dl.admin', 'type.googleapis.com/google.rpc.RetryInfo')), undefined)
  t.end()
})

t.test('a trailer that is no status has no reason, and does no harm', (t) => {
  t.equal(adminErrorReason(undefined), undefined)
  t.equal(adminErrorReason('text'), undefined)
  t.equal(adminErrorReason(Buffer.from('ffffffff', 'hex')), undefined)
  t.end()
})
