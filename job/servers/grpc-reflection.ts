import { Client, credentials } from '@grpc/grpc-js'
import { formatAddress, type AdminAddress } from './client.ts'

/** grpc.reflection.v1alpha.ServerReflectionRequest with an empty `list_services` (field 7). */
const listServices = Buffer.from([0x3a, 0x00])
const asBytes = (bytes: Buffer) => bytes

/**
 * Whether a plaintext port offers rpc.Admin, by the reflection service that Scalar's servers have on all their ports
 * (v1alpha). Undefined where there is no reflection to ask. It tells an old server, without CheckPaused, from a wrong
 * port.
 */
export function offersAdmin(at: AdminAddress, timeoutMs: number): Promise<boolean | undefined> {
  const client = new Client(formatAddress(at), credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 })
  return new Promise<boolean | undefined>((resolve) => {
    const path = '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo'
    const call = client.makeBidiStreamRequest(path, asBytes, asBytes, { deadline: Date.now() + timeoutMs })
    call.on('data', (answer: Buffer) => {
      // Names are plain text in the answer; nothing else of it is of interest.
      resolve(answer.includes('rpc.Admin'))
      call.cancel()
    })
    call.on('error', () => resolve(undefined))
    call.on('end', () => resolve(undefined))
    call.write(listServices)
    call.end()
  }).finally(() => client.close())
}
