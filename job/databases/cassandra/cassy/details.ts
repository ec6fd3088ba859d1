import * as z from 'zod'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { parseDetails } from '../../parse-details.ts'
import { idForm } from './stored.ts'

const details = z.object({
  cluster: z.string(),
  release: z.string(),
  nodes: z.array(
    z.object({
      hostId: z.string(),
      address: z.string().regex(idForm),
      dataCenter: z.string(),
      rack: z.string(),
      tokens: z.array(z.string()),
    }),
  ),
  /** statements that make the schema again; absent where Cassandra cannot tell (before 4.0) */
  schema: z.array(z.string()).optional(),
  /** what the loss of one node alone asks for, for people */
  lostNode: z.string(),
  /** HOST:PORT of the Cassy that made it */
  cassy: z.string(),
  /** text of the Location that it uploaded to */
  cassyStorage: z.string(),
  /** by which Cassy knows the ring as it was then, and the snapshot of every node */
  clusterId: z.string().regex(idForm),
  snapshotId: z.string().regex(idForm),
})
export type CassyDetails = z.infer<typeof details>

/** Whether Cassy made a backup. */
export function isByCassy({ details: told }: Pick<DatabaseBackup, 'details'>): boolean {
  return told['cassy'] !== undefined
}

/** @throws Failure where the record's entry is of a newer version, or damaged */
export function readCassyDetails(entry: DatabaseBackup): CassyDetails {
  return parseDetails(details, entry)
}
