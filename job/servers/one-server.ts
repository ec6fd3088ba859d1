import { adminClient, type AdminTls } from './client.ts'
import type { PauseTarget } from './targets.ts'

/** A balancer that spreads connections over two servers at random is missed once in a million times. */
const connections = 20
const answerMs = 10_000

/**
 * The addresses among those paused behind which some server is not: a balancer or a Service leads each connection to
 * one of several. Servers too old to say whether they are paused are passed over.
 * @throws ServiceError or Error where one does not answer
 */
export async function dividedAddresses(
  targets: readonly PauseTarget[],
  tls: AdminTls | undefined,
): Promise<PauseTarget[]> {
  const answers = await Promise.all(
    targets.map(async (target) => ({
      target,
      paused: await Promise.all(Array.from({ length: connections }, () => askAnew(target, tls))),
    })),
  )
  return answers.filter(({ paused }) => paused.includes(false)).map(({ target }) => target)
}

/** Through a connection of its own. */
async function askAnew(target: PauseTarget, tls: AdminTls | undefined): Promise<boolean | undefined> {
  const client = adminClient(target, tls)
  try {
    return await client.checkPaused(answerMs)
  } finally {
    client.close()
  }
}
