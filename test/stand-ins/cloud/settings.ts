import * as z from 'zod'

/**
 * A fixed length in ms as the real service takes it, or one drawn from a range; the same subject gets the same draw
 * every time. What is held lasts until the setting is changed, which applies to phases under way as well.
 */
export const phase = z.union([
  z.number().min(0),
  z.literal('held'),
  z.strictObject({ fromMs: z.number().min(0), toMs: z.number().min(0) }),
])
export type Phase = z.output<typeof phase>

export const glob = z.string().describe('* stands for any characters')

/** Changes of settings: of a group some members, of everything else the whole. */
export type Changes<T> = { [K in keyof T]?: T[K] extends Record<string, unknown> | undefined ? Partial<T[K]> : T[K] }
