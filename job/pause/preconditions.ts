import type { PausedEndpoint } from '../../operation/record.ts'
import { unpauseCommand } from '../../operation/outcome/unpause-command.ts'
import { Failure, messageOf } from '../../operation/failure.ts'
import type { ReleaseChange, ReleaseState } from '../kubernetes/cluster.ts'
import { answerMs, type Server } from '../servers/servers.ts'
import { harmOf } from './proof/diff-state.ts'
import { titleOf } from '../servers/targets.ts'

/**
 * Asks every server whether it is paused already. Pauses are not counted, so our Unpause would end somebody else's.
 * @returns what could not be checked: servers older than CheckPaused
 * @throws Failure naming the servers that are paused or do not answer; nothing has been paused then
 */
export async function refuseForeignPauses(servers: readonly Server[], namespace: string): Promise<string[]> {
  const answers = await Promise.all(
    servers.map(async ({ client, endpoint }) => {
      try {
        return { endpoint, title: titleOf(endpoint), paused: await client.checkPaused(answerMs) }
      } catch (error) {
        return { endpoint, title: titleOf(endpoint), trouble: messageOf(error) }
      }
    }),
  )
  const troubles = answers.filter(({ trouble }) => trouble !== undefined)
  if (troubles.length > 0) {
    throw new Failure({
      what: `nothing was paused: ${troubles.length} of ${servers.length} servers did not say whether they are paused`,
      why: troubles.map(({ title, trouble }) => `${title}: ${trouble}`).join('; '),
      next: '`kubectl scalardl doctor` shows what is wrong with them',
    })
  }
  const paused = answers.filter((answer) => answer.paused === true)
  if (paused.length > 0)
    throw foreignPause(
      paused.map(({ endpoint }) => endpoint),
      namespace,
    )
  return answers
    .filter((answer) => answer.paused === undefined)
    .map(({ title }) => `${title} is of a version that cannot say whether it is paused`)
}

function foreignPause(endpoints: readonly PausedEndpoint[], namespace: string): Failure {
  const titles = endpoints.map(titleOf).join(', ')
  const releases = endpoints.flatMap(({ release }) => release ?? [])
  const command = unpauseCommand({ releases, addresses: endpoints.map(({ address }) => address), namespace })
  return new Failure({
    what: 'nothing was paused: somebody else has paused already',
    why:
      `${titles} ${endpoints.length === 1 ? 'is' : 'are'} paused, ` +
      'and unpausing afterwards would end that pause as well',
    next: `wait until that pause has ended; if nobody needs it any more, end it with \`${command} --force\``,
  })
}

/** @throws Failure where pods are not ready, or come and go at this moment; nothing has been paused then */
export function refuseUnsteady({ pods }: ReleaseState, changes: readonly ReleaseChange[]): void {
  const unready = pods
    .filter(({ ready }) => !ready)
    .map(({ name, trouble }) => `pod ${name} is not ready${trouble === undefined ? '' : ` (${trouble})`}`)
  const why = [...unready, ...new Set(changes.map(harmOf).filter((harm) => harm !== undefined))]
  if (why.length === 0) return
  throw new Failure({
    what: 'nothing was paused: the pods are not steady',
    why: why.join('; '),
    next: 'wait until the rollout or scaling is over (kubectl rollout status), then try again',
  })
}
