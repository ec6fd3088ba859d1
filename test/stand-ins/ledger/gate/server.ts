import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js'
import { readFileSync } from 'node:fs'
import { adminImplementation, type ServerVersion } from './admin-service.ts'
import type { Faults } from './faults.ts'
import { GateAbandoned, type Gate } from './gate.ts'
import { adminService, healthService, ledgerService, type ContractExecutionRequest } from './protocol.ts'

interface ServerOptions {
  /** 0 gives a free one; the last serves rpc.Admin */
  ports: readonly number[]
  version: ServerVersion
  gate: Gate
  faults: Faults
  tls: { certificate: string; key: string } | undefined
  /** answers ExecuteContract, already behind the gate */
  execute: () => Promise<string>
  onPaused?: () => void
  log: (line: string) => void
}

/** The gRPC servers of one stand-in. */
export interface StandInServer {
  /** the ports in use, in the order asked for */
  ports: readonly number[]
  /** from now on the health says NOT_SERVING */
  decommission(): void
  /** ends the servers; calls still held get UNAVAILABLE */
  stop(): void
}

async function answerExecution(
  execute: () => Promise<string>,
  callback: sendUnaryData<{ contract_result: string }>,
): Promise<void> {
  try {
    callback(null, { contract_result: await execute() })
  } catch (error) {
    callback({
      code: error instanceof GateAbandoned ? status.UNAVAILABLE : status.INTERNAL,
      details: error instanceof Error ? error.message : String(error),
    })
  }
}

/** Starts a server for every port: health on all, rpc.Admin on the last, rpc.Ledger on the first. */
export async function startServer(options: ServerOptions): Promise<StandInServer> {
  const { version, gate, faults, tls, execute, onPaused = () => {}, log } = options
  let serving = true
  const health = {
    // Whatever service it names, and however paused: as HealthService.java does.
    Check: (_: unknown, callback: sendUnaryData<{ status: string }>) => {
      if (!faults.hangs('Check')) callback(null, { status: serving ? 'SERVING' : 'NOT_SERVING' })
    },
  }
  const ledger = {
    ExecuteContract: (
      _: ServerUnaryCall<ContractExecutionRequest, unknown>,
      callback: sendUnaryData<{ contract_result: string }>,
    ) => {
      void answerExecution(execute, callback)
    },
  }
  const { CheckPaused: _, ...adminOfVersion2 } = adminService
  const credentials = () =>
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { cert_chain: readFileSync(tls.certificate), private_key: readFileSync(tls.key) },
        ])

  const servers: Server[] = []
  const bound: number[] = []
  for (const [index, port] of options.ports.entries()) {
    const server = new Server()
    server.addService(healthService, health)
    if (index === options.ports.length - 1) {
      server.addService(
        version === '2' ? adminOfVersion2 : adminService,
        adminImplementation({ gate, faults, version, onPaused, log }),
      )
    }
    if (index === 0) server.addService(ledgerService, ledger)
    servers.push(server)
    bound.push(
      await new Promise<number>((resolve, reject) => {
        server.bindAsync(`0.0.0.0:${port}`, credentials(), (error, number) =>
          error === null ? resolve(number) : reject(error),
        )
      }),
    )
  }
  return {
    ports: bound,
    decommission: () => {
      serving = false
    },
    stop: () => {
      for (const server of servers) server.forceShutdown()
    },
  }
}
