import { Failure } from '../../../operation/failure.ts'
import { pathAt } from '../../../operation/location.ts'
import { parseRecord, type OperationRecord } from '../../../operation/record.ts'
import { readOwner, sealOf } from '../../databases/dump/manifest.ts'
import type { Storage } from '../../storage/storage.ts'
import { readText } from '../../storage/text.ts'
import { claimFile, parseClaim, recordFile } from './backup-record.ts'

/**
 * Whether a folder of a storage is the one of a backup, before it is deleted. A record may have been written by
 * anybody: what is found there has to say itself that it is this backup, each part of it, and nothing else may be
 * there. An empty folder, or none, is fine.
 * @param name the backup's folder in the storage
 * @returns what is going to be deleted: the folders of its dumps, its claim and its record
 * @throws Failure where something there is not of this backup
 */
export async function proveOwnership(storage: Storage, name: string, record: OperationRecord): Promise<string[]> {
  const refuse = (path: string, why: string) =>
    new Failure({
      what: `${pathAt(storage.title, path)} is not deleted`,
      why,
      next:
        'look what it is; forget the record alone with ' +
        `\`kubectl scalardl delete backup ${record.backup?.name ?? name} --keep-data\`, ` +
        'and remove by hand what is yours',
    })
  const parts = new Set<string>()
  const proven: string[] = []
  // Each is asked as it is seen: what is not ours ends it, however many there are.
  for await (const { path: file } of storage.list(name)) {
    const part = file.split('/')[name.split('/').length] ?? ''
    if (parts.has(part)) continue
    parts.add(part)
    const path = `${name}/${part}`
    if (part === recordFile || part === claimFile) {
      const parse = part === recordFile ? parseRecord : parseClaim
      const { operation, createdAt } = parse((await readText(storage, path)) ?? '', pathAt(storage.title, path))
      if (operation !== record.operation || createdAt !== record.createdAt)
        throw refuse(
          path,
          `it is the ${part === recordFile ? 'record' : 'claim'} of ${operation}, made ${createdAt}, ` +
            `not of ${record.operation}, made ${record.createdAt}`,
        )
    } else {
      const owner = await readOwner(storage, path)
      if (owner === undefined) throw refuse(path, 'nothing there says that it is a dump')
      if (owner.operation !== record.operation) throw refuse(path, `it is a dump of ${owner.operation}`)
      const entry = record.backup?.databases.find(({ folder }) => folder === path)
      const seal = entry === undefined ? undefined : sealOf(entry)
      if (seal !== undefined && seal.sha256 !== owner.sha256)
        throw refuse(path, 'its manifest is not the one that the record tells of')
    }
    proven.push(path)
  }
  return proven
}
