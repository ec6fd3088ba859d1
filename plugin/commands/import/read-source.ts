import type { OperationRecord } from '../../../operation/record.ts'
import { Failure } from '../../../operation/failure.ts'
import { checkName, operationName } from '../../../operation/names.ts'
import { parseRecord } from '../../../operation/record.ts'
import { readGiven } from '../../flags/read-given.ts'

/**
 * The record of a backup in a file, or on stdin for `-`.
 * @throws Failure where it is none, of a newer version, of another kind of operation, or of one that has not ended
 */
export async function readExported(file: string): Promise<OperationRecord> {
  const source = file === '-' ? 'stdin' : file
  const text = await readGiven(file, 'name a file that `kubectl scalardl export` wrote, or - for stdin')
  const record = parseRecord(text, source)
  const refuse = (why: string): Failure =>
    new Failure({
      what: `${source} cannot be imported`,
      why,
      next: 'give the record of a finished backup, as `kubectl scalardl export backup` writes it',
    })
  if (record.kind !== 'backup' || record.backup === undefined)
    throw refuse(`it is the record of a ${record.kind}, and only backups are of use elsewhere`)
  if (record.state === 'pending' || record.state === 'running')
    throw refuse(`${record.operation} had not ended when it was exported`)
  if (record.operation !== operationName('backup', checkName(record.backup.name)))
    throw refuse(`its operation ${record.operation} is not that of a backup named ${record.backup.name}`)
  return record
}
