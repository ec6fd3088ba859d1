import * as z from 'zod'
import { signatureSchema } from './record.ts'
import { formatVersion } from './version.ts'

/** The steps that changed the world, in the order they were begun; written before and after each. */
export const journalSchema = z.object({
  version: z.literal(formatVersion),
  operation: z.string(),
  steps: z.array(
    z.object({
      name: z.string(),
      startedAt: z.string(),
      /** absent: begun, and nobody knows how far it came */
      finishedAt: z.string().optional(),
      /** what it had learnt before it ended; journals of 0.1 have none */
      noted: z.json().optional(),
      result: z.json().optional(),
    }),
  ),
  /** of all this, for the worker that goes on from here; absent where the installation has no key */
  signature: signatureSchema.optional(),
})
export type JournalDocument = z.infer<typeof journalSchema>
