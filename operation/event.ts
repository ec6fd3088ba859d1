import * as z from 'zod'

/**
 * What the worker says while it works: one JSON object a line in its log. `seq` counts from 1 within one pod, so a
 * follower that reconnects knows what it has shown.
 */
export const eventSchema = z.object({
  seq: z.int().positive(),
  /** RFC 3339, UTC */
  time: z.string(),
  level: z.enum(['info', 'warning', 'error']),
  /** what happened, for programs: see eventCodes */
  code: z.string(),
  /** the same for people, one line */
  message: z.string(),
  data: z.record(z.string(), z.unknown()).optional(),
})
export type WorkerEvent = z.infer<typeof eventSchema>

/** Every code the worker uses; the plugin may show any other as its plain message. */
export const eventCodes = [
  'started', // data: operation, kind, version, attempt, upMs (since the process began)
  'phase', // a phase of the record's time line began; data: name
  'phase-done', // data: name, ms, failed
  'finding', // data: a Finding
  'progress', // data: subject, done, total, unit
  'pausing', // the servers are about to be paused; data: releases
  'paused', // data: count, ms
  'unpaused', // data: count, ms
  'still-paused', // data: addresses
  'scaling', // a Deployment of the release is about to be scaled; data: workload, replicas
  'switched', // the release's databases hold other data than before
  'deleted', // data was removed for good; data: releases whose data it was
  'guard', // what the worker sees of its guard; data: state (connected, silent, back, fired), pod, node
  'note', // anything else worth a line
  'failed', // data: what, why, next
  'finished', // data: exitCode
] as const
export type EventCode = (typeof eventCodes)[number]

/** One line of a worker's log as an event, or undefined for a line that is none (a crash, a tool's output). */
export function parseEvent(line: string): WorkerEvent | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const parsed = eventSchema.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
