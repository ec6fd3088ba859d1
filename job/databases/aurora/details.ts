import * as z from 'zod'
import type { DatabaseBackup } from '../../../operation/record.ts'
import { commonDetails, type Details } from '../aws-relational/details.ts'
import { parseDetails } from '../parse-details.ts'
import { settingsSchema, type ClusterSettings } from './settings.ts'

const detailsSchema = z.object({ ...commonDetails, cluster: z.string(), settings: settingsSchema })

/** @throws Failure where the record's entry is of a newer version, or damaged */
export function readDetails(entry: DatabaseBackup): Details<ClusterSettings> {
  const { cluster, ...details } = parseDetails(detailsSchema, entry)
  return { ...details, source: cluster }
}
