import * as z from 'zod'

/**
 * How a restore is done where the database leaves a choice; what a kind of database has no use for, it refuses or
 * passes over.
 */
export const restoreChoiceSchema = z.strictObject({
  /**
   * prefix: beside the data in service, under other names; replace: under the names of the data in service, which is
   * deleted for it
   */
  strategy: z.enum(['prefix', 'replace']).optional(),
  /** what is put before the restored names; made of the time unless given */
  prefix: z.string().optional(),
  /** another moment than the backup's own restore point, RFC 3339 */
  at: z.string().optional(),
  /** the operation in whose valid pause `at` lies, which proves that moment consistent */
  pause: z.string().optional(),
  /** the user accepts a moment of which no pause proves that it is consistent */
  unproven: z.boolean().optional(),
  /** patch: the release's properties are changed to the restored names; print: only shown, and the release serves on */
  repoint: z.enum(['patch', 'print']).optional(),
  /** the user says that the releases' ScalarDB reads the prefix, although their version does not tell */
  unknownVersion: z.boolean().optional(),
  /** another region than the backup's */
  region: z.string().optional(),
  /** key that encrypts the restored data, where not the one of the backup */
  kmsKey: z.string().optional(),
})
export type RestoreChoice = z.infer<typeof restoreChoiceSchema>
