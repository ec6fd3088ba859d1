import * as z from 'zod'
import type { DatabaseBackup } from '../../../operation/record.ts'
import { parseDetails } from '../parse-details.ts'

/** A snapshot is named after its operation, the time of its request and its window: nobody else's is like that. */
export const tagForm = /^backup-[a-z0-9.-]+\.\d{8}-\d{6}\.[0-9a-z]+$/

const node = z.object({
  hostId: z.string(),
  address: z.string(),
  dataCenter: z.string(),
  rack: z.string(),
  pod: z.string(),
  tokens: z.array(z.string()),
})

const details = z.object({
  /** where its pods are, and by which labels they were found */
  namespace: z.string(),
  selector: z.string(),
  /** Secret of that namespace with the client's certificate that the pods want, NAME[:SERVER-NAME]; absent: none */
  clientSecret: z.string().optional(),
  cluster: z.string(),
  release: z.string(),
  /** the snapshot's name, the same on every node */
  tag: z.string().regex(tagForm),
  nodes: z.array(node),
  /** what the loss of one node alone asks for, for people; absent in records of the first backups */
  lostNode: z.string().optional(),
  /** where Medusa has the data, and no node keeps its snapshot; absent where Medusa is not used */
  medusa: z
    .object({
      container: z.string(),
      command: z.array(z.string()),
      /** the CassandraDatacenter whose pods these are, where an operator made them */
      datacenter: z.string().optional(),
    })
    .optional(),
  /** statements that make the schema again; absent where Cassandra cannot tell (before 4.0) */
  schema: z.array(z.string()).optional(),
})
export type Details = z.infer<typeof details>

/** @throws Failure where the record's entry is of a newer version, or damaged */
export function readDetails(entry: DatabaseBackup): Details {
  return parseDetails(details, entry)
}
