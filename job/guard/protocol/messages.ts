// Room: what worker and guard say to each other, and over what.
// Read messages, link, then pace.

import * as z from 'zod'
import { intentSchema } from '../../journal/pause-steps.ts'

/** A pause that is held for a worker: enough to end it without asking anybody. */
export const holdSchema = z.object({
  /** number of the pause in the journal, from 1 */
  pause: z.int(),
  ...intentSchema.shape,
  /** whose Leases the worker renews while it lives */
  releases: z.array(z.string()),
})
export type Hold = z.infer<typeof holdSchema>

/** What the worker says to its guard, one JSON object a line. */
export const workerMessageSchema = z.discriminatedUnion('say', [
  /** every half second; the guard echoes it, so that the worker knows what the guard has heard */
  z.object({ say: z.literal('beat'), number: z.int() }),
  /** be ready to end this pause; said again after every reconnect */
  z.object({ say: z.literal('hold'), hold: holdSchema }),
  /** the first Pause is about to be sent; ms until the longest pause is over */
  z.object({ say: z.literal('begin'), pause: z.int(), restMs: z.number() }),
  /** end it: I have no answer from some server */
  z.object({ say: z.literal('help'), pause: z.int() }),
  /** nothing of it is paused any longer */
  z.object({ say: z.literal('release'), pause: z.int() }),
  /** the operation has ended, or no pause of it comes any more */
  z.object({ say: z.literal('done') }),
])
export type WorkerMessage = z.infer<typeof workerMessageSchema>

/** What a guard says to the worker. */
export const guardMessageSchema = z.discriminatedUnion('say', [
  /** `run` tells a process from another of the same pod, which would not know what that one did */
  z.object({ say: z.literal('hello'), uid: z.string(), pod: z.string(), node: z.string(), run: z.string() }),
  z.object({ say: z.literal('echo'), number: z.int() }),
  /** connected to all servers of the hold, which are so many */
  z.object({ say: z.literal('holding'), pause: z.int(), servers: z.int() }),
  /** not connected to all servers; goes on trying */
  z.object({ say: z.literal('cannot-hold'), pause: z.int(), why: z.string() }),
  /** these serve again, by my hand */
  z.object({ say: z.literal('unpaused'), pause: z.int(), addresses: z.array(z.string()) }),
  /** I have ended the pause on my own judgement */
  z.object({ say: z.literal('fired'), pause: z.int(), why: z.string() }),
  /** the answer to release; `fired`: why I have ended it before */
  z.object({ say: z.literal('released'), pause: z.int(), fired: z.string().optional() }),
])
export type GuardMessage = z.infer<typeof guardMessageSchema>
