import { unpauseCommand } from '../../operation/outcome/unpause-command.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import type { Finding } from '../../operation/finding.ts'
import { messageOf } from '../../operation/failure.ts'
import type { OperationRequest } from '../../operation/request.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { rightToTell } from '../kubernetes/cluster.ts'
import { isServiceError, type AdminClient } from '../servers/client.ts'
import { offersAdmin } from '../servers/grpc-reflection.ts'
import { adminTls, answerMs, closeAll, connectAll, serversOf, type Server } from '../servers/servers.ts'
import { findTargets, titleOf, type Targets } from '../servers/targets.ts'

type Context = Pick<OperationContext<OperationRequest['kind']>, 'cluster' | 'request'>

const attempts = 3
const againMs = 200

/**
 * Checks everything that a pause needs, and changes nothing: rights, pods, admin ports, TLS, nobody else's pause, free
 * Leases.
 * @throws Failure where there is nothing to check: no pods, names that do not resolve
 */
export async function preflight(context: Context): Promise<Finding[]> {
  const checking = serverFindings(context)
  checking.catch(() => undefined)
  const rights = await rightsFinding(context)
  // Without rights the other checks would fail too, and say less.
  return rights.outcome === 'error' ? [rights] : [rights, ...(await checking)]
}

async function serverFindings(context: Context): Promise<Finding[]> {
  const found = await findTargets(context.request.target, context.cluster)
  const tls = adminTls(context.request.target)
  const servers = serversOf(found.targets, tls)
  try {
    const [leases, troubles] = await Promise.all([leaseFindings(context, found), connectAll(servers, tls)])
    const unreachable = [...troubles].map(([{ endpoint }, { why, cure }]): Finding =>
      error('admin port', titleOf(endpoint), why, cure),
    )
    const reachable = servers.filter((server) => !troubles.has(server))
    const pauses = await Promise.all(reachable.map((server) => pauseFinding(server, context, tls !== undefined)))
    // The Leases first: a pause that is found may belong to the operation that holds one.
    return [...leases, ...podFindings(found), ...unreachable, ...pauses]
  } finally {
    closeAll(servers)
  }
}

async function rightsFinding({ cluster, request }: Context): Promise<Finding> {
  const all = await cluster.missingRights(request.target.releases.map(({ name }) => name))
  const missing = all.filter((right) => right !== rightToTell)
  const subject = `namespace ${cluster.namespace}`
  if (all.length > missing.length && missing.length === 0)
    return {
      check: 'rights of the worker',
      subject,
      outcome: 'warning',
      message: `may not ${rightToTell}: nothing will tell on the release's Deployments what is done to them`,
      cure: `run: kubectl scalardl install -n ${cluster.namespace}`,
    }
  if (missing.length === 0)
    return { check: 'rights of the worker', subject, outcome: 'ok', message: 'all that are needed' }
  return error(
    'rights of the worker',
    subject,
    `may not ${missing.join(', ')}`,
    `run: kubectl scalardl install -n ${cluster.namespace}; where its Role is to name releases, with all of them`,
  )
}

function podFindings({ releases, state, targets }: Targets): Finding[] {
  const paused = new Set(targets.map(({ pod }) => pod?.uid))
  const unready = state.pods
    .filter(({ ready }) => !ready)
    .map(({ name, trouble }) => {
      return error('pods ready', `pod ${name}`, trouble ?? 'it is not ready', `see: kubectl describe pod ${name}`)
    })
  const left = state.pods
    .filter(({ uid, ready }) => ready && !paused.has(uid))
    .map(({ name, release }) => {
      return error(
        'pods covered',
        `pod ${name}`,
        `it belongs to ${release}, but no address given leads to it`,
        'omit --addresses and --service-url, or name all servers',
      )
    })
  const ready = releases
    .filter(
      (release) =>
        state.pods.some((pod) => pod.release === release) &&
        state.pods.every((pod) => pod.release !== release || pod.ready),
    )
    .map((release): Finding => ({
      check: 'pods ready',
      subject: release,
      outcome: 'ok',
      message: `${state.pods.filter((pod) => pod.release === release).length} ready`,
    }))
  const strangers = targets
    .filter(({ pod }) => pod === undefined)
    .map(({ host }): Finding => ({
      check: 'pods covered',
      subject: host,
      outcome: 'warning',
      message: 'no pod of this namespace has this address, so a restart of the server would not be noticed',
      cure: "give the pods' own addresses, not that of a Service, which reaches one of several",
    }))
  return [...ready, ...unready, ...left, ...strangers]
}

async function pauseFinding(
  { client, endpoint, target }: Server,
  { cluster }: Context,
  tls: boolean,
): Promise<Finding> {
  const subject = titleOf(endpoint)
  try {
    const paused = await askPaused(client)
    if (paused === false)
      return { check: 'admin port', subject, outcome: 'ok', message: 'it answers and is not paused' }
    if (paused === true) {
      const command = unpauseCommand({
        releases: endpoint.release === undefined ? [] : [endpoint.release],
        addresses: [endpoint.address],
        namespace: cluster.namespace,
      })
      return error(
        'nobody else pauses',
        subject,
        'it is paused already',
        `wait until that pause has ended; if nobody needs it any more, end it with \`${command} --force\``,
      )
    }
    const offered = tls ? undefined : await offersAdmin(target, answerMs)
    if (offered === false)
      return error(
        'admin port',
        subject,
        'the server there is not the admin service',
        'give the port of the admin service with --admin-port',
      )
    const message =
      `it does not know CheckPaused: ${offered === true ? 'a version' : 'perhaps a version'} that cannot say ` +
      'whether it is paused'
    return {
      check: 'admin port',
      subject,
      outcome: 'warning',
      message,
      cure: 'update the Scalar product; until then make sure that nobody else pauses it',
    }
  } catch (cause) {
    return error('admin port', subject, `CheckPaused failed: ${messageOf(cause)}`, "look into the server's log")
  }
}

/** Asks again where a server is slow for a moment: the question changes nothing. */
async function askPaused(client: AdminClient): Promise<boolean | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.checkPaused(answerMs)
    } catch (error) {
      const passing =
        isServiceError(error) && (error.code === status.DEADLINE_EXCEEDED || error.code === status.UNAVAILABLE)
      if (!passing || attempt === attempts) throw error
      await sleep(againMs)
    }
  }
}

async function leaseFindings({ cluster, request }: Context, { releases }: Targets): Promise<Finding[]> {
  const others = await cluster.leasesOfOthers(releases, request.operation)
  return releases.map((release): Finding => {
    const holder = others.get(release)
    if (holder === undefined) return { check: 'no other operation', subject: release, outcome: 'ok', message: 'free' }
    return error(
      'no other operation',
      release,
      `${holder} is at work on it`,
      `follow it with: kubectl scalardl logs ${holder} -n ${cluster.namespace}; ` +
        `end it with: kubectl scalardl cancel ${holder} -n ${cluster.namespace}`,
    )
  })
}

function error(check: string, subject: string, message: string, cure: string): Finding {
  return { check, subject, outcome: 'error', message, cure }
}
