import { z } from 'zod'
import type { OperationContext } from '../../context/operation-context.ts'

/** The moment that a backup brings back, and what each database fixed of it, in their order. */
const pointSchema = z.object({
  restorePoint: z.string(),
  snapshots: z.array(z.object({ at: z.string(), durable: z.record(z.string(), z.json()).optional() })),
})
export type Point = z.infer<typeof pointSchema>

type Context = OperationContext<'backup'>

/** Journals a restore point of which a later worker can make something. */
export async function keepPoint(context: Context, point: Point): Promise<void> {
  if (point.snapshots.every(({ durable }) => durable === undefined)) return
  await context.journal.once(stepName(context), () => Promise.resolve(point))
}

/** The restore point of the latest pause, as this worker or an earlier one kept it. */
export function keptPoint(context: Context): Point | undefined {
  return pointSchema.safeParse(context.journal.result(stepName(context))).data
}

/** Named after the pause, so that the point of a void one is never taken for that of a later. */
function stepName({ record }: Context): string {
  return `restore point of pause ${record.current.windows.length}`
}
