import { AddRoleToDBInstanceCommand, ModifyDBInstanceCommand } from '@aws-sdk/client-rds'
import { isDeepStrictEqual } from 'node:util'
import { trailsUntilMs } from '../../aws/eventual-consistency.ts'
import { until } from '../../aws/polling.ts'
import { nameOf } from '../../aws/sdk-retries.ts'
import type { Journal } from '../../journal/journal.ts'
import type { Instance } from '../aws-relational/kept-instance.ts'
import { sentWhenReady, untilServing } from '../aws-relational/restore/ensure-restored.ts'
import type { RestoreWork } from '../aws-relational/restore/restore-work.ts'
import { settingsOf, type InstanceSettings } from './settings.ts'

type Work = RestoreWork<Instance, InstanceSettings>

/** Puts on again what the restore's own call does not take: each looks first what is there. */
export async function completeInstance(work: Work, journal: Journal): Promise<void> {
  await journal.ensure(`settings of instance ${work.target}`, () => ensureSettings(work))
  await journal.ensure(`roles of instance ${work.target}`, () => ensureRoles(work))
}

/** What a change is asked for of: retention and its window too, which not every service takes with the restore. */
function changeable({ restored, modified }: InstanceSettings) {
  const { BackupRetentionPeriod, PreferredBackupWindow } = restored
  return { ...modified, BackupRetentionPeriod, PreferredBackupWindow }
}

/** An instance is told as it was for a while after it is changed: what it is then is left to the comparison. */
async function ensureSettings(work: Work): Promise<void> {
  const { client, context, details, target } = work
  const wanted = changeable(details.settings)
  const isSame = (one: Instance) => isDeepStrictEqual(changeable(settingsOf(one)), wanted)
  if (isSame(await untilServing(work))) return
  await sentWhenReady(
    () => client.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: target, ...wanted, ApplyImmediately: true })),
    () => untilServing(work),
    context.signal,
  )
  const byMs = trailsUntilMs()
  await until(async () => {
    const one = await untilServing(work)
    return isSame(one) || performance.now() > byMs ? true : undefined
  }, context.signal)
}

async function ensureRoles(work: Work): Promise<void> {
  const { client, context, details, target } = work
  const present = settingsOf(await untilServing(work)).roles
  for (const role of details.settings.roles) {
    if (present.some((one) => isDeepStrictEqual(one, role))) continue
    await sentWhenReady(
      () => client.send(new AddRoleToDBInstanceCommand({ DBInstanceIdentifier: target, ...role })),
      () => untilServing(work),
      context.signal,
    ).catch((error: unknown) => {
      if (nameOf(error) !== 'DBInstanceRoleAlreadyExistsFault') throw error
    })
  }
}
