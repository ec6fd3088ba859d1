import { PortForward } from '@kubernetes/client-node/dist/portforward.js'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import type { Session } from '../api/session.ts'

/** A local port whose connections end in a pod. */
export interface ForwardedPort {
  /** 127.0.0.1:PORT */
  address: string
  close(): void
}

async function forward(session: Session, pod: string, port: number, socket: Socket): Promise<void> {
  // errors of the far side close the connection, which is what its user sees
  socket.on('error', () => socket.destroy())
  try {
    const connection = await new PortForward(session.kubeConfig).portForward(
      session.namespace,
      pod,
      [port],
      socket,
      null,
      socket,
    )
    if (typeof connection === 'function') return
    connection.on('close', () => socket.destroy())
    socket.on('close', () => connection.close())
  } catch {
    socket.destroy()
  }
}

/** Opens a port on the loopback interface that the API server forwards to a pod's, for as long as it is not closed. */
export async function forwardPort(session: Session, pod: string, port: number): Promise<ForwardedPort> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    void forward(session, pod, port, socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
