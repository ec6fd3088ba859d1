import * as z from 'zod'
import type { OperationContext } from '../../context/operation-context.ts'

/** The moment that a backup brings back, and what each database fixed of it, in their order. */
const pointSchema = z.object({
  restorePoint: z.string(),
  snapshots: z.array(z.object({ at: z.string(), durable: z.record(z.string(), z.json()).optional() })),
})
export type Point = z.infer<typeof pointSchema>

type Context = OperationContext<'backup'>

/** Journals a restore point, for a later worker that goes on with it. */
export async function keepPoint(context: Context, point: Point): Promise<void> {
  if (point.snapshots.every(({ durable }) => durable === undefined)) return
  await context.journal.once(stepName(context), () => Promise.resolve(point))
}

/** The restore point of the latest pause, as this worker or an earlier one kept it. */
export function keptPoint(context: Context): Point | undefined {
  return pointSchema.safeParse(context.journal.result(stepName(context))).data
}

/** The name of a step, with the pause in it: the point of a void pause is never taken for that of a later one. */
function stepName({ record }: Context): string {
  return `restore point of pause ${record.current.windows.length}`
}
