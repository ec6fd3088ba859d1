import protobuf from 'protobufjs/light.js'

/** How a message goes over the wire: field names as in proto/, 64-bit numbers as numbers, absent fields filled in. */
export interface Wire<Message> {
  serialize(message: Message): Buffer
  deserialize(bytes: Buffer): Message
}

/**
 * Messages of a protocol that is data, so that it is found in the bundled worker as well, where no file lies beside
 * the program.
 * @returns what finds the wire of a message by its full name
 */
export function wiresOf(protocol: protobuf.INamespace): <Message extends object>(name: string) => Wire<Message> {
  const messages = protobuf.Root.fromJSON(protocol).resolveAll()
  return <Message extends object>(name: string): Wire<Message> => {
    const type = messages.lookupType(name)
    return {
      serialize: (message) => Buffer.from(type.encode(type.fromObject(message)).finish()),
      deserialize: (bytes) => type.toObject(type.decode(bytes), { longs: Number, defaults: true }) as Message,
    }
  }
}

/** A call as grpc-js makes it. */
export interface RpcMethod<Request, Response> {
  path: string
  requestSerialize: Wire<Request>['serialize']
  responseDeserialize: Wire<Response>['deserialize']
}

/** @param path /package.Service/Method */
export function rpcMethod<Request, Response>(
  path: string,
  request: Wire<Request>,
  response: Wire<Response>,
): RpcMethod<Request, Response> {
  return { path, requestSerialize: request.serialize, responseDeserialize: response.deserialize }
}
