import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader'
import { resolve } from 'node:path'
import t from 'tap'
import { definitions, loaderOptions } from '../../../stand-ins/ledger/gate/protocol.ts'

const folder = resolve(import.meta.dirname, '../../../../proto')
const written = loadSync(['admin.proto', 'health.proto', 'google-rpc.proto'], {
  ...loaderOptions,
  includeDirs: [folder],
})

for (const name of [
  'rpc.PauseRequest',
  'rpc.CheckPausedResponse',
  'google.rpc.Status',
  'google.rpc.ErrorInfo',
  'grpc.health.v1.HealthCheckRequest',
  'grpc.health.v1.HealthCheckResponse',
]) {
  t.test(`the stand-in's ${name} is that of proto/`, (t) => {
    const fields = (of: unknown) =>
      (of as MessageTypeDefinition<object, object>).type as {
        field: { name: string; number: number; type: string; label: string }[]
      }
    const pick = (of: unknown) =>
      fields(of).field.map(({ name: field, number, type, label }) => ({ field, number, type, label }))
    t.ok(pick(written[name]).length > 0)
    t.strictSame(pick(definitions[name]), pick(written[name]))
    t.end()
  })
}

t.test("the stand-in's services are those of proto/, without Watch", (t) => {
  const paths = (name: string, of: typeof written) =>
    Object.values(of[name] as unknown as ServiceDefinition).map(({ path }) => path)
  t.strictSame(paths('rpc.Admin', definitions), paths('rpc.Admin', written))
  t.strictSame(paths('grpc.health.v1.Health', definitions), ['/grpc.health.v1.Health/Check'])
  t.end()
})
