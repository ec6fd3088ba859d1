import { settingsSchema } from '../../test/stand-ins/aws/settings.ts'
import { startAws } from '../../test/stand-ins/aws/aws.ts'

/**
 * The stand-in in a process of its own, so that it and what is measured do not share one. Arguments: ms of a restore,
 * the scale of its rates.
 */
const [restoreMs, scale] = process.argv.slice(2).map(Number)
const { ratePerSecond } = settingsSchema.parse({}).limits
const rates = Object.fromEntries(
  Object.entries(ratePerSecond).map(([operation, rate]) => [operation, rate * (scale ?? 1)]),
)
const aws = await startAws({
  settings: {
    restorableLagMs: 100,
    phases: { createTable: 1, restore: restoreMs ?? 1000 },
    limits: { ratePerSecond: rates },
  },
})
process.on('disconnect', () => void aws.stop())
process.send?.(aws.endpoint)
