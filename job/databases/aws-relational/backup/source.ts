// Room: the instance or cluster of one release being backed up.
// Read source, preflight.

import type { RDSClient } from '@aws-sdk/client-rds'
import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { ClockMeasurement } from '../../../clocks/measure-clock.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { BackupContext, BackupSource } from '../../database.ts'
import { checkLeftOut } from '../../managed-server/left-out.ts'
import { checkServerClock, measureIfReached } from '../../managed-server/measure-server-clock.ts'
import { oneServerOf, titleOf } from '../../managed-server/server.ts'
import {
  hastyMs,
  PastSource,
  patientMs,
  type KeptPast,
  type Point,
  type ReachedPast,
} from '../../point-in-time/past-source.ts'
import { recordedWindow } from '../../point-in-time/recovery-window.ts'
import { openClient } from '../client.ts'
import { findByLead, leadOf, type Lead } from '../lead.ts'
import { accountOf } from '../past.ts'
import { rdsFailure } from '../rds-failure.ts'
import type { Kept, RelationalKind } from '../relational-kind.ts'
import { checkPast, checkRights } from './preflight.ts'

const markSchema = z.object({ resourceId: z.string() })
type Mark = z.infer<typeof markSchema>

/** One that is backed up: a backup is a moment of its server's clock. */
export function openSource<One extends Kept, Settings>(
  kind: RelationalKind<One, Settings>,
  settings: readonly StorageSettings[],
  context: BackupContext,
): BackupSource {
  return new PastSource(new RelationalPast(kind, settings, context.signal), context)
}

class RelationalPast<One extends Kept, Settings> implements KeptPast<One, Mark> {
  readonly kind: string
  readonly title: string
  readonly noun: RelationalKind<One, Settings>['noun']
  readonly unit: 'instances' | 'clusters'
  readonly markSchema = markSchema
  readonly failure = rdsFailure
  readonly #kind: RelationalKind<One, Settings>
  readonly settings: readonly StorageSettings[]
  readonly #first: StorageSettings
  readonly #signal: AbortSignal
  readonly #clients: RDSClient[] = []
  #lead: Promise<Lead> | undefined

  constructor(kind: RelationalKind<One, Settings>, settings: readonly StorageSettings[], signal: AbortSignal) {
    const [first] = settings
    if (first === undefined) throw new Error('a database without storages')
    this.kind = kind.name
    this.title = titleOf(kind.name, oneServerOf(first, kind.service))
    this.noun = kind.noun
    this.unit = `${kind.noun}s`
    this.settings = settings
    this.#kind = kind
    this.#first = first
    this.#signal = signal
  }

  async measure(signal: AbortSignal): Promise<ClockMeasurement | undefined> {
    return await measureIfReached(this.settings, signal)
  }

  async find(): Promise<One> {
    const lead = await this.#leading()
    return await findByLead(this.#kind, this.#open(lead.region, hastyMs), lead)
  }

  async preflight(one: One): Promise<Finding[]> {
    const { title } = this
    const kind = this.#kind
    const { region } = await this.#leading()
    const serving = kind.checkServing(title, region, one)
    if (serving.outcome === 'error') return [serving]
    const client = this.#open(region, hastyMs)
    const past = checkPast(title, kind, one, await kind.pastOf(client, one.resourceId))
    return [
      serving,
      past,
      await checkServerClock(title, this.settings, this.#signal),
      ...(past.outcome === 'error' ? [] : [await checkRights(kind, client, title, one)]),
      ...checkLeftOut(title, kind.leftOut(kind.settingsOf(one))),
    ]
  }

  mark({ resourceId }: One): Mark {
    return { resourceId }
  }

  tablesOf = () => []

  partsOf = () => [this.title]

  /** What can be brought back trails the present by some five minutes. */
  async reach(point: Point<Mark>): Promise<ReachedPast> {
    const kind = this.#kind
    const lead = await this.#leading()
    const client = this.#open(lead.region, patientMs)
    return {
      parts: {
        noun: kind.noun,
        keeper: 'backup retention',
        cure: `see that automated backups stay on and nobody deletes the ${kind.noun}, then back up again`,
        readWindow: async () => (await kind.pastOf(client, point.resourceId))?.window,
      },
      describe: () => this.#describe(client, lead, point),
    }
  }

  async #describe(client: RDSClient, lead: Lead, { atMs, clock, resourceId }: Point<Mark>): Promise<object> {
    const kind = this.#kind
    const one = await findByLead(kind, client, lead)
    const past = await kind.pastOf(client, resourceId)
    if (one.resourceId !== resourceId || past === undefined)
      throw new Failure({
        what: `${this.title} cannot be brought back to the restore point`,
        why: `its automated backups were turned off, or another ${kind.noun} has its name now`,
        next: 'see that automated backups stay on, then back up again',
      })
    return {
      version: 1,
      region: lead.region,
      account: accountOf(one.arn),
      [kind.noun]: one.name,
      resourceId,
      host: one.server?.host ?? '',
      port: lead.port,
      ...(clock === undefined ? {} : { clock }),
      ...recordedWindow(past.window, atMs),
      ...(one.network === undefined ? {} : { network: one.network }),
      settings: kind.settingsOf(one),
    }
  }

  close(): void {
    for (const client of this.#clients) client.destroy()
  }

  #open(region: string, patienceMs: number): RDSClient {
    const client = openClient(region, { patienceMs, signal: this.#signal })
    this.#clients.push(client)
    return client
  }

  async #leading(): Promise<Lead> {
    this.#lead ??= leadOf(this.#kind, this.#first, this.#signal)
    return await this.#lead
  }
}
