import { AddRoleToDBInstanceCommand, ModifyDBInstanceCommand } from '@aws-sdk/client-rds'
import { isDeepStrictEqual } from 'node:util'
import type { Journal } from '../../journal/journal.ts'
import type { Instance } from '../aws-relational/kept-instance.ts'
import { untilServing } from '../aws-relational/restore/ensure-restored.ts'
import { addRoles, ensureChanged } from '../aws-relational/restore/put-on-again.ts'
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

async function ensureSettings(work: Work): Promise<void> {
  const { client, details, target } = work
  const wanted = changeable(details.settings)
  const change = () =>
    client.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: target, ...wanted, ApplyImmediately: true }))
  const isSame = (one: Instance) => isDeepStrictEqual(changeable(settingsOf(one)), wanted)
  await ensureChanged(work, isSame, change)
}

async function ensureRoles(work: Work): Promise<void> {
  const { client, context, details, target } = work
  const roles = { wanted: details.settings.roles, present: settingsOf(await untilServing(work)).roles }
  await addRoles(
    roles,
    (role) => client.send(new AddRoleToDBInstanceCommand({ DBInstanceIdentifier: target, ...role })),
    () => untilServing(work),
    context.signal,
  )
}
