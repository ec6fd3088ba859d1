// Room: one Scalar server or many: find, connect, pause, unpause, check.
// Read targets, client, servers, pause-all, unpause-ours.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure, messageOf } from '../../operation/failure.ts'
import type { PausedEndpoint } from '../../operation/record.ts'
import { mounts, type Target } from '../../operation/request.ts'
import { adminClient, type AdminClient, type AdminTls } from './client.ts'
import { connectionTrouble, type Trouble } from './connection-trouble.ts'
import type { PauseIntent } from '../journal/pause-steps.ts'
import { endpointOf, parseAddress, titleOf, type PauseTarget } from './targets.ts'

/** A server to pause, with its client. */
export interface Server {
  target: PauseTarget
  endpoint: PausedEndpoint
  /** of its pod when it was paused; a process that has started anew is paused no longer */
  restarts?: number
  client: AdminClient
}

const connectMs = 5000
/** CheckPaused and the like are answered from memory. */
export const answerMs = 3000

/**
 * TLS as a request asks for it.
 * @throws Failure where the CA's file is not there
 */
export function adminTls({ tls }: Target): AdminTls | undefined {
  if (!tls.enabled) return undefined
  return { ca: tls.caPem ?? (tls.caFile === undefined ? undefined : readCa(tls.caFile)), authority: tls.authority }
}

function readCa(file: string): string {
  try {
    return readFileSync(join(mounts.tlsCa, file), 'utf8')
  } catch (error) {
    throw new Failure(
      {
        what: 'the CA certificate cannot be read',
        why: messageOf(error),
        next: 'check that the Secret of --tls-ca-secret has the key that was given',
      },
      { cause: error },
    )
  }
}

/** Clients for all; none has connected yet. */
export function serversOf(targets: readonly PauseTarget[], tls: AdminTls | undefined): Server[] {
  return targets.map((target) => ({
    target,
    endpoint: endpointOf(target),
    ...(target.pod && { restarts: target.pod.restarts }),
    client: adminClient(target, tls),
  }))
}

/** Clients for the servers of a pause that was written down, without asking the cluster anything. */
export function serversOfIntent({ servers, restarts }: PauseIntent, tls: AdminTls | undefined): Server[] {
  return servers.map(({ address, serverName, uid }) => {
    const target = { ...parseAddress(address), ...(serverName !== undefined && { serverName }) }
    const known = uid === undefined ? undefined : restarts[uid]
    return {
      target,
      endpoint: { address, ...(uid !== undefined && { uid }) },
      ...(known !== undefined && { restarts: known }),
      client: adminClient(target, tls),
    }
  })
}

/** Connects to all at once; the answer holds those that could not be, with the reason. */
export async function connectAll(servers: readonly Server[], tls: AdminTls | undefined): Promise<Map<Server, Trouble>> {
  const troubles = new Map<Server, Trouble>()
  await Promise.all(
    servers.map(async (server) => {
      try {
        await server.client.connect(connectMs)
      } catch (error) {
        troubles.set(server, await connectionTrouble(server.target, tls, error))
      }
    }),
  )
  return troubles
}

/** @throws Failure naming every server that could not be connected to */
export async function connectOrRefuse(servers: readonly Server[], tls: AdminTls | undefined): Promise<void> {
  const troubles = await connectAll(servers, tls)
  const [first] = troubles.values()
  if (first === undefined) return
  throw new Failure({
    what: `nothing was paused: ${troubles.size} of ${servers.length} servers cannot be reached`,
    why: [...troubles].map(([server, { why }]) => `${titleOf(server.endpoint)}: ${why}`).join('; '),
    next: first.cure,
  })
}

export function closeAll(servers: readonly Server[]): void {
  for (const { client } of servers) client.close()
}
