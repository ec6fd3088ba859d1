import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { messageOf } from '../../operation/failure.ts'
import { formatAddress, type AdminAddress, type AdminTls } from './client.ts'

/** Why an admin port could not be spoken to, and what to do about it. */
export interface Trouble {
  why: string
  cure: string
}

/** Why a certificate is not accepted. */
interface Distrust {
  /** OpenSSL's, or Node's own */
  code: string
  /** that the certificate is for */
  names: string
}

const probeMs = 2000

/**
 * Finds out why no gRPC connection came about, by trying the layers below it: TCP, then TLS. What gRPC itself says is
 * rarely enough (a plaintext client of a TLS port learns only that the connection was dropped).
 * @param error what the client said, for the case that the layers below are fine
 */
export async function connectionTrouble(at: AdminAddress, tls: AdminTls | undefined, error: unknown): Promise<Trouble> {
  const tcp = await tcpAnswer(at)
  if (tcp === 'refused') {
    return {
      why: `nothing listens on port ${at.port}`,
      cure: 'give the port of the admin service with --admin-port, or look why the server does not listen',
    }
  }
  if (tcp !== 'open') {
    return {
      why: `${formatAddress(at)} cannot be reached: ${tcp}`,
      cure: 'let the NetworkPolicies of the namespace pass the worker to the admin ports',
    }
  }
  const answer = await tlsAnswer(at, tls)
  if (tls === undefined) {
    if (answer.spoken)
      return {
        why: `port ${at.port} speaks TLS, and it was asked in plaintext`,
        cure: 'add --tls, with --tls-ca-file or --tls-ca-secret for a CA of your own',
      }
    return {
      why: `port ${at.port} is open but does not speak gRPC: ${messageOf(error)}`,
      cure: 'give the port of the admin service with --admin-port',
    }
  }
  if (!answer.spoken)
    return {
      why: `port ${at.port} does not speak TLS`,
      cure: 'omit --tls, or give the TLS port of the admin service with --admin-port',
    }
  if (answer.distrust !== undefined) return distrusted(answer.distrust)
  return {
    why: `port ${at.port} speaks TLS but no gRPC: ${messageOf(error)}`,
    cure: 'give the port of the admin service with --admin-port',
  }
}

function distrusted({ code, names }: Distrust): Trouble {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      why: `its certificate is for another name: ${names}`,
      cure: 'give a name that is in the certificate with --tls-authority',
    }
  }
  return {
    why: `its certificate is not trusted (${code})`,
    cure: 'give the CA that signed it with --tls-ca-file or --tls-ca-secret',
  }
}

function tcpAnswer({ host, port }: AdminAddress): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port })
    const done = (answer: string) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(probeMs, () => done(`no answer in ${probeMs / 1000} s`))
    socket.once('connect', () => done('open'))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      done(error.code === 'ECONNREFUSED' ? 'refused' : error.message),
    )
  })
}

/** Whether TLS is spoken, and why its certificate would not be trusted. Nothing but the handshake is sent. */
function tlsAnswer(
  { host, port, serverName }: AdminAddress,
  tls: AdminTls | undefined,
): Promise<{ spoken: boolean; distrust?: Distrust }> {
  return new Promise((resolve) => {
    const name = tls?.authority ?? serverName
    const socket = connectTls({
      host,
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      ...(name === undefined ? {} : { servername: name }),
    })
    const done = (answer: { spoken: boolean; distrust?: Distrust }) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(probeMs, () => done({ spoken: false }))
    socket.once('error', () => done({ spoken: false }))
    socket.once('secureConnect', () => {
      if (socket.authorized) return done({ spoken: true })
      const { subjectaltname, subject } = socket.getPeerCertificate()
      return done({
        spoken: true,
        distrust: {
          code: messageOf(socket.authorizationError),
          names: subjectaltname ?? String(subject?.CN ?? 'no name'),
        },
      })
    })
  })
}
