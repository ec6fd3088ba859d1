import { Failure } from '../../operation/failure.ts'
import { formatLocation, parseLocation, splitLocation } from '../../operation/location.ts'
import { parseRecord } from '../../operation/record.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { openStorage } from '../storage/open.ts'
import { readText } from '../storage/text.ts'
import { recordFile } from './backup/backup-record.ts'

/**
 * Imports the record beside a dump into this namespace, so that the backup can be restored here.
 * @throws Failure where there is none, or where another backup of that name is known here.
 */
export async function importBackup(context: OperationContext<'import'>): Promise<void> {
  const location = parseLocation(context.request.from)
  const { parent, name } = splitLocation(location)
  const source = `${formatLocation(location)}/${recordFile}`
  const json = await readText(openStorage(parent), `${name}/${recordFile}`)
  if (json === undefined) {
    throw new Failure({
      what: `no backup at ${formatLocation(location)}`,
      why: `there is no ${recordFile} in it: no backup, or one that was never completed`,
      next: 'give the folder of one backup: pvc://CLAIM/path/NAME',
    })
  }
  const record = parseRecord(json, source)
  if (record.backup === undefined) {
    throw new Failure({
      what: `${source} is not a backup`,
      why: `it is the record of a ${record.kind}`,
      next: 'give the folder of one backup',
    })
  }
  // The volume may have another name in this cluster: the backup is where it was found.
  const found = {
    ...record,
    namespace: context.cluster.namespace,
    backup: { ...record.backup, location: formatLocation(location) },
  }
  const known = await context.cluster.findRecord(record.operation)
  if (known !== undefined && known.createdAt !== record.createdAt) {
    throw new Failure({
      what: `${record.operation} cannot be imported`,
      why: `another backup of that name, made ${known.createdAt}, is known in namespace ${context.cluster.namespace}`,
      next:
        "remove that one's record (kubectl scalardl delete backup " +
        `${record.backup.name} --keep-data) or import into another namespace`,
    })
  }
  await context.cluster.writeRecord(found)
  context.events.say('note', `imported ${record.operation}, restore point ${record.backup.restorePoint ?? 'unknown'}`, {
    data: { operation: record.operation },
  })
}
