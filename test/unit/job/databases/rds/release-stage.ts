// Room: backups and restores of RDS, against the stand-in of AWS with real servers behind it.
// Read release-stage, instance-world, mysql-release, then the tests.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RDS } from '@aws-sdk/client-rds'
import type { Test } from 'tap'
import { scaleRates } from '../../../../../job/aws/rate-limits.ts'
import { kubernetesSecrets } from '../../../../../job/kubernetes/secrets/kubernetes-secrets.ts'
import { jsonLineEvents } from '../../../../../job/process/events.ts'
import { work } from '../../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../../operation/event.ts'
import type { OperationRecord } from '../../../../../operation/record.ts'
import type { OperationRequest } from '../../../../../operation/request.ts'
import type { Aws } from '../../../../stand-ins/aws/aws.ts'
import type { InstanceServers } from '../../../../stand-ins/aws/relational/instance.ts'
import { postgresqlServers } from '../../../../stand-ins/postgresql/servers-with-a-past.ts'
import { openBank, type Bank } from '../../../../stand-ins/ledger/data/bank.ts'
import { newTransfer } from '../../../../stand-ins/ledger/data/transfer.ts'
import { singleStorage } from '../../../../stand-ins/ledger/release/release-properties.ts'
import { readSettings } from '../../../../stand-ins/ledger/settings.ts'
import { until } from '../../../stand-ins/aws/clients.ts'
import { createInstance, masterLogin, openRds, restorable, unusual } from '../../../stand-ins/aws/instances.ts'
import { asAnotherProcess, inMemoryCluster, type InMemoryCluster } from '../../in-memory-cluster.ts'
import { storedSecrets, type StoredSecrets } from '../../kubernetes/secrets/stored-secrets.ts'
import { startLedger, type Ledger } from '../../servers/ledgers.ts'
import { pointSdk } from './instance-world.ts'

/** The Secret that the release has the URL of its database from, and its key. */
export const urlSecret = 'my-ledger-database'
export const urlOf = 'url'

/** A Ledger that keeps everything in an instance of RDS, its data brought back by the database server itself. */
export interface ReleaseStage {
  aws: Aws
  client: RDS
  cluster: InMemoryCluster
  server: Ledger
  bank: Bank
  /** the host of the instance in service */
  host: string
  /** what a database holds, found as a user finds it */
  bankAt(host: string): Promise<Bank>
  urlTo(host: string): string
  /** the properties that name a host themselves */
  pointingTo(host: string): string
  properties(): string
  setProperties(text: string): void
  stored: StoredSecrets
  replicas(): number
  /** some transfers, each let in by the server */
  writeSome(): Promise<void>
  /** transfers until the answer is called */
  write(): () => Promise<void>
  written(): number
  record(operation: string): OperationRecord | undefined
  failureIn(operation: string): string
  /** one worker of an operation, from its beginning or from where an earlier one ended */
  worker(request: OperationRequest, signal?: AbortSignal): Promise<{ code: number; events: WorkerEvent[] }>
}

/** A server of an engine behind each instance, and how a URL names its database. */
export interface Engine {
  scheme: 'postgresql' | 'mysql'
  database: string
  servers: () => Promise<InstanceServers & { port: number; stop(): Promise<void> }>
}

const postgres: Engine = {
  scheme: 'postgresql',
  database: 'postgres',
  servers: postgresqlServers,
}

/** As `--managed rds` asks for it; a restore has it from its backup. */
export const onRds = <R extends OperationRequest>(request: R): R => ({
  ...request,
  target: { ...request.target, databases: { managed: 'rds' } },
})

/** Makes `ledger`, which the release is on. @returns its host */
export type Make = (client: RDS, port: number) => Promise<string>

export const instanceWith =
  (Engine: 'postgres' | 'mysql'): Make =>
  async (client) => {
    const { Endpoint } = await createInstance(client, 'ledger', { ...unusual, Engine })
    await restorable(client, 'ledger', new Date(0))
    return Endpoint?.Address ?? ''
  }

/**
 * @param urlIn where the release has its URL: in its ConfigMap, or by a variable from a Secret
 * @param make what the release is on; an instance with PostgreSQL unless said
 */
export async function openRelease(
  t: Test,
  urlIn: 'ConfigMap' | 'Secret' = 'ConfigMap',
  make = instanceWith('postgres'),
  engine: Engine = postgres,
): Promise<ReleaseStage> {
  scaleRates(20)
  const servers = await engine.servers()
  t.teardown(() => servers.stop())
  const { aws, client } = await openRds(t, { restorableLagMs: 500 }, servers)
  pointSdk(aws)
  const { port } = servers
  const host = await make(client, port)
  Object.assign(process.env, {
    RELEASE_USER: masterLogin.MasterUsername,
    RELEASE_KEY: masterLogin.MasterUserPassword,
  })

  const folder = await mkdtemp(join(tmpdir(), 'rds-release-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const configMap = { name: 'my-ledger-properties', key: 'ledger.properties' }
  const place = `${configMap.name}/${configMap.key}`
  const credentials = { username: 'RELEASE_USER', password: 'RELEASE_KEY' }
  const { database, scheme } = engine
  const urlTo = (to: string) => `jdbc:${scheme}://${to}:${port}/${database}`
  const pointingTo = (to: string) => singleStorage({ scheme, server: `${to}:${port}`, database }, credentials)
  const bankAt = async (at: string): Promise<Bank> => {
    const file = join(folder, `${at}.properties`)
    await writeFile(file, pointingTo(at))
    const bank = await openBank(readSettings({ ...process.env, STAND_IN_PROPERTIES: file }))
    t.teardown(() => bank.close())
    return bank
  }
  const bank = await bankAt(host)
  await bank.prepare()
  const server = await startLedger()
  t.teardown(() => server.stop())

  const stored = storedSecrets()
  stored.put(urlSecret, { [urlOf]: urlTo(host) })
  const secrets = kubernetesSecrets(stored.api, 'ns')
  const cluster = inMemoryCluster([server.pod])
  let replicas = 1
  cluster.workloads = async () => [{ name: 'my-ledger', release: 'my-ledger', replicas, readyReplicas: replicas }]
  cluster.scale = async (_, to) => {
    if (stored.granted.size === 0) throw new Error('nobody stops a release that is pointed by hand')
    cluster.calls.push(`scale ${to}`)
    replicas = to
    cluster.pods = to === 0 ? [] : [server.pod]
  }
  const ownText = pointingTo(host)
  cluster.texts.set(place, urlIn === 'ConfigMap' ? ownText : ownText.replace(urlTo(host), '${env:RELEASE_URL}'))
  const properties = () => cluster.texts.get(place) ?? ''
  const variables = [{ name: 'RELEASE_URL', from: { kind: 'Secret' as const, name: urlSecret, key: urlOf } }]
  const file = join(folder, 'ledger.properties')
  const release = { name: 'my-ledger', app: 'ledger', properties: { file, envPrefix: '', configMap, variables } }
  const record = (operation: string) => cluster.recordsByName.get(operation)

  let last = 0
  const write = (): (() => Promise<void>) => {
    const stop = new AbortController()
    const writing = async () => {
      while (!stop.signal.aborted) {
        await server.gate.letIn()
        await bank.make(newTransfer('a', last + 1), { gapMs: 20, hurry: stop.signal })
        last += 1
        server.gate.letOut()
      }
    }
    const done = writing()
    return async () => {
      stop.abort()
      await done
    }
  }
  return {
    aws,
    client,
    cluster,
    server,
    bank,
    host,
    bankAt,
    urlTo,
    pointingTo,
    properties,
    setProperties: (text) => void cluster.texts.set(place, text),
    stored,
    replicas: () => replicas,
    async writeSome() {
      const stop = write()
      const before = last
      await until('some is written', async () => last > before + 3)
      await stop()
    },
    write,
    written: () => last,
    record,
    failureIn: (operation) => JSON.stringify(record(operation)?.failure),
    async worker(request, signal = new AbortController().signal) {
      // As the kubelet does it when the pod starts.
      await writeFile(file, properties())
      process.env['RELEASE_URL'] = stored.data(urlSecret)?.[urlOf]
      const said: WorkerEvent[] = []
      const events = jsonLineEvents((line) => said.push(JSON.parse(line) as WorkerEvent))
      const target = { ...request.target, releases: [release] }
      const code = await work({ ...request, target }, { cluster: asAnotherProcess(cluster), secrets, events, signal })
      return { code, events: said }
    },
  }
}
