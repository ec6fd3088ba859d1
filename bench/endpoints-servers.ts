import { Faults } from '../test/stand-ins/ledger/gate/faults.ts'
import { Gate } from '../test/stand-ins/ledger/gate/gate.ts'
import { startServer } from '../test/stand-ins/ledger/gate/server.ts'

/**
 * Many servers with a gate each, in a process of their own so that the worker's time is not theirs.
 * Arguments: how many, and how long a Pause takes to drain, ms. Tells its parent the ports.
 */
const [count = 1, drainMs = 0] = process.argv.slice(2).map(Number)
const ports: number[] = []

for (let index = 0; index < count; index += 1) {
  const faults = new Faults()
  faults.set({ delayMs: { Pause: drainMs } })
  const server = await startServer({
    ports: [0],
    version: '4',
    gate: new Gate(),
    faults,
    tls: undefined,
    execute: () => Promise.resolve('{}'),
    log: () => undefined,
  })
  ports.push(...server.ports)
}
process.send?.({ ports })
process.once('disconnect', () => process.exit())
