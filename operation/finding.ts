import * as z from 'zod'

/** One check of a preflight and what it found; `doctor` shows them, an operation refuses on any error. */
export const findingSchema = z.object({
  /** what was checked, a few words: "admin ports", "free space" */
  check: z.string(),
  /** what it was checked on: a release, a pod, a database, a location */
  subject: z.string(),
  outcome: z.enum(['ok', 'warning', 'error']),
  /** what was found, with numbers and names */
  message: z.string(),
  /** what to do about it; required for warnings and errors */
  cure: z.string().optional(),
})
export type Finding = z.infer<typeof findingSchema>
