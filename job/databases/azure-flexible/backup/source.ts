// Room: the flexible server of one release being backed up.
// Read source, preflight.

import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import { ResourceManager } from '../../../azure/resource-manager.ts'
import type { ClockMeasurement } from '../../../clocks/measure-clock.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { BackupContext, BackupSource } from '../../database.ts'
import { checkLeftOut } from '../../managed-server/left-out.ts'
import { checkServerClock, measureIfReached } from '../../managed-server/measure-server-clock.ts'
import { titleOf } from '../../managed-server/server.ts'
import {
  hastyMs,
  PastSource,
  patientMs,
  type KeptPast,
  type Point,
  type ReachedPast,
} from '../../point-in-time/past-source.ts'
import { recordedWindow } from '../../point-in-time/recovery-window.ts'
import { accessOf, serverOf, type Access } from '../access.ts'
import { serverFailure } from '../server-failure.ts'
import type { Details } from '../details.ts'
import type { FlexibleService } from '../service.ts'
import { findServer } from '../servers/find-server.ts'
import { readSettings } from '../servers/read-settings.ts'
import { createdAt, sameServer, type FlexibleServer } from '../servers/server.ts'
import { leftOut } from '../servers/settings.ts'
import { windowOf } from '../servers/window.ts'
import { checkPast, checkRights, checkServer } from './preflight.ts'

const markSchema = z.object({ id: z.string(), createdAt: z.string() })
type Mark = z.infer<typeof markSchema>

/** A flexible server being backed up: a backup is a moment of its own clock. */
export function openSource(
  service: FlexibleService,
  settings: readonly StorageSettings[],
  context: BackupContext,
): BackupSource {
  return new PastSource(new ServerPast(service, settings, context), context)
}

class ServerPast implements KeptPast<FlexibleServer, Mark> {
  readonly kind: string
  readonly title: string
  readonly noun = 'server'
  readonly unit = 'servers'
  readonly markSchema = markSchema
  readonly settings: readonly StorageSettings[]
  readonly #service: FlexibleService
  readonly #first: StorageSettings
  readonly #context: BackupContext
  #access: Promise<Access> | undefined

  constructor(service: FlexibleService, settings: readonly StorageSettings[], context: BackupContext) {
    const [first] = settings
    if (first === undefined) throw new Error('a database without storages')
    this.kind = service.name
    this.title = titleOf(service.name, serverOf(first))
    this.settings = settings
    this.#service = service
    this.#first = first
    this.#context = context
  }

  async measure(signal: AbortSignal): Promise<ClockMeasurement | undefined> {
    return await measureIfReached(this.settings, signal)
  }

  async find(): Promise<FlexibleServer> {
    return await findServer(this.#service, await this.#open(hastyMs), await this.#place())
  }

  async preflight(server: FlexibleServer): Promise<Finding[]> {
    const { title } = this
    const serves = checkServer(this.#service, title, server)
    if (serves.outcome === 'error') return [serves]
    const past = checkPast(title, server)
    if (past.outcome === 'error') return [serves, past]
    const arm = await this.#open(hastyMs)
    return [
      serves,
      past,
      await checkServerClock(title, this.settings, this.#context.signal),
      await checkRights(this.#service, arm, title, server),
      ...checkLeftOut(title, leftOut(await readSettings(this.#service, arm, server))),
    ]
  }

  mark(server: FlexibleServer): Mark {
    return { id: server.id, createdAt: createdAt(server) }
  }

  tablesOf = () => []

  partsOf = () => [this.title]

  /** The log of a server is in its backup some minutes after it was written. */
  async reach(point: Point<Mark>): Promise<ReachedPast> {
    const arm = await this.#open(patientMs)
    return {
      parts: {
        noun: 'server',
        keeper: 'past',
        cure: 'see that nobody deletes the server, then back up again',
        readWindow: async () => windowOf(await this.#same(arm, point), point.clock?.lowMs),
      },
      describe: () => this.#describe(arm, point),
    }
  }

  async #describe(arm: ResourceManager, point: Point<Mark>): Promise<Details> {
    const server = await this.#same(arm, point)
    const { clock, atMs, createdAt: made } = point
    return {
      version: 1,
      id: server.id,
      createdAt: made,
      host: server.properties.fullyQualifiedDomainName ?? '',
      port: serverOf(this.#first).port,
      ...(clock === undefined ? {} : { clock }),
      ...recordedWindow(windowOf(server), atMs),
      settings: await readSettings(this.#service, arm, server),
    }
  }

  /** @throws Failure where the very server of a point is gone */
  async #same(arm: ResourceManager, point: Mark): Promise<FlexibleServer> {
    const server = await sameServer(arm, point)
    if (server !== undefined) return server
    throw new Failure({
      what: `${this.title} cannot be brought back to the restore point`,
      why: 'the server is gone, or another has its name now',
      next: 'see that nobody deletes the server, then back up again',
    })
  }

  failure(what: string, error: unknown): Failure {
    return serverFailure(this.#service, what, error)
  }

  close(): void {}

  async #open(patienceMs: number): Promise<ResourceManager> {
    const { signal } = this.#context
    return new ResourceManager((await this.#place()).cloud, { patienceMs, signal })
  }

  async #place(): Promise<Access> {
    const { flags, signal } = this.#context
    this.#access ??= accessOf(this.#service, this.#first, flags?.own, signal)
    return await this.#access
  }
}
