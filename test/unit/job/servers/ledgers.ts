import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Faults } from '../../../stand-ins/ledger/gate/faults.ts'
import { FormerGate, Gate } from '../../../stand-ins/ledger/gate/gate.ts'
import { startServer, type StandInServer } from '../../../stand-ins/ledger/gate/server.ts'
import type { ReleasePod } from '../../../../job/kubernetes/cluster.ts'

/** One stand-in server in this process, with the pod that it would be. */
export interface Ledger {
  pod: ReleasePod
  address: string
  /** its other port, which serves no rpc.Admin */
  otherPort: number
  gate: Gate
  faults: Faults
  /** what it was told: "Pause: PAUSED", "Unpause" */
  log: string[]
  stop(): void
  /** listens again on the same port, with the gate as it was */
  start(): Promise<void>
}

export interface Certificates {
  certificate: string
  key: string
  /** PEM */
  ca: string
}

let count = 0

/** Returns once a Pause has arrived, whether or not it drains yet. */
export async function untilClosed(gate: Gate): Promise<void> {
  while (gate.isOpen) await sleep(5)
}

export async function startLedger(
  options: { version?: '2' | '3' | '4'; tls?: Certificates; release?: string } = {},
): Promise<Ledger> {
  const { version = '4', tls, release = 'my-ledger' } = options
  const gate = version === '4' ? new Gate() : new FormerGate()
  const faults = new Faults()
  const log: string[] = []
  const start = (port: number): Promise<StandInServer> =>
    startServer({
      ports: [0, port],
      version,
      gate,
      faults,
      tls,
      execute: async () => '{}',
      log: (line) => log.push(line),
    })
  let server = await start(0)
  const [otherPort = 0, port = 0] = server.ports
  count += 1
  return {
    pod: {
      name: `ledger-${count}`,
      uid: `uid-${count}`,
      ip: '127.0.0.1',
      ready: true,
      restarts: 0,
      otherRestarts: 0,
      release,
      app: 'ledger',
      adminPort: port,
    },
    address: `127.0.0.1:${port}`,
    otherPort,
    gate,
    faults,
    log,
    stop: () => server.stop(),
    async start() {
      server = await start(port)
    },
  }
}

export async function startLedgers(number: number, options: Parameters<typeof startLedger>[0] = {}): Promise<Ledger[]> {
  return Promise.all(Array.from({ length: number }, () => startLedger(options)))
}

/** A certificate for `ledger.example` alone, signed by itself. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-tls-'))
  const certificate = join(folder, 'cert.pem')
  const key = join(folder, 'key.pem')
  const subject = ['-subj', '/CN=ledger.example', '-addext', 'subjectAltName=DNS:ledger.example']
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      certificate,
      ...subject,
    ],
    { stdio: 'ignore' },
  )
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return { certificate, key, ca: readFileSync(certificate, 'utf8') }
}
