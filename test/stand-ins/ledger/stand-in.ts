// Room: a process that answers like ScalarDL or ScalarDB Cluster where backups are concerned.
// Read README.md, main, stand-in, gate/, data/.

import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { openBank, type Bank } from './data/bank.ts'
import { startControlPort } from './gate/control-port.ts'
import { Faults } from './gate/faults.ts'
import { FormerGate, Gate } from './gate/gate.ts'
import { startServer } from './gate/server.ts'
import type { StandInSettings } from './settings.ts'
import { Workload } from './data/workload.ts'

/** How long transfers under way may take once the process is to end, ms. */
const finishMs = 1_500

/** Until the databases are there and have their tables; a pod that starts before its database waits for it. */
async function prepare(bank: Bank, log: (line: string) => void): Promise<void> {
  for (;;) {
    try {
      return await bank.prepare()
    } catch (error) {
      log(`waiting for the databases: ${error instanceof Error ? error.message : String(error)}`)
      await sleep(1_000)
    }
  }
}

function controlPortOf(server: Server): number {
  const address = server.address()
  return address === null || typeof address === 'string' ? 0 : address.port
}

/** Runs the stand-in: schema first, then the servers and the workload. The answer ends it, within about two seconds. */
export async function runStandIn(settings: StandInSettings, log: (line: string) => void): Promise<() => Promise<void>> {
  const bank = await openBank(settings)
  await prepare(bank, log)
  const gate = settings.version === '4' ? new Gate() : new FormerGate()
  const faults = new Faults()
  const workload = new Workload({ bank, gate, pace: settings.pace, instance: settings.instance, log })

  let neverDrains = false
  const applyFaults = () => {
    const { neverDrain = false, drainMs } = faults.settings
    if (neverDrain !== neverDrains) {
      if (neverDrain) gate.occupy()
      else gate.letOut()
      neverDrains = neverDrain
    }
    if (drainMs !== undefined) {
      gate.occupy()
      setTimeout(() => gate.letOut(), drainMs)
    }
  }
  faults.set(settings.faults)
  applyFaults()
  const onPaused = () => {
    const { openAfterMs, exitAfterMs } = faults.settings
    if (openAfterMs !== undefined) setTimeout(() => gate.open(), openAfterMs)
    if (exitAfterMs !== undefined) setTimeout(() => process.exit(1), exitAfterMs)
  }
  const control = await startControlPort({
    port: settings.controlPort,
    faults,
    gate,
    done: () => workload.done,
    onFaults: applyFaults,
  })
  const server = await startServer({
    ...settings,
    gate,
    faults,
    execute: async () => JSON.stringify({ transaction: (await workload.execute()).txId, acknowledgedMs: Date.now() }),
    onPaused,
    log,
  })
  workload.start()
  log(
    `${settings.product.app} stand-in ${settings.instance}: ` +
      `gRPC on ${server.ports.join(' ')}${settings.tls === undefined ? '' : ' with TLS'}, ` +
      `control on ${controlPortOf(control)}, ${settings.pace.workers} workers`,
  )

  return async () => {
    server.decommission()
    await sleep(settings.decommissioningMs)
    await workload.stop(finishMs)
    // The last answers are on their way.
    await sleep(50)
    server.stop()
    control.close()
    control.closeAllConnections()
    await bank.close()
  }
}
