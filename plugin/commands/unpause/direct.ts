import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { kindOf } from '../../../operation/names.ts'
import { isOurPause } from '../../../operation/outcome/pause-ownership.ts'
import type { PausedEndpoint } from '../../../operation/record.ts'
import type { Action } from '../../command-line/command.ts'
import { unlessMissing } from '../../kubernetes/api/api-error.ts'
import type { AdminTls } from '../../kubernetes/admin/admin-client.ts'
import { adminServers, directUnpause, type DirectUnpause } from '../../kubernetes/admin/direct-unpause.ts'
import { leaseHolders } from '../../kubernetes/records/lease-holders.ts'
import { pausingRecords } from '../../kubernetes/records/operations.ts'
import { findReleases, requirePods } from '../../kubernetes/releases/releases.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import { clearRecords } from '../../operations/clear-records.ts'
import { askHolders, awaitHolders, refuseOthersAtWork } from '../../operations/end-pauses.ts'
import { readTargetOptions, type TargetOptions } from '../../flags/read-target.ts'
import { printList } from '../../terminal/print.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { UnpauseFlags } from './command.ts'
import { refuseVoid, showVerdicts } from './verdicts.ts'

async function readTls(session: Session, { target, tlsCaSecret }: TargetOptions): Promise<AdminTls | undefined> {
  if (!target.tls.enabled) return undefined
  if (tlsCaSecret === undefined) return { ca: target.tls.caPem, authority: target.tls.authority }
  const secret = await unlessMissing(
    session.core.readNamespacedSecret({ name: tlsCaSecret, namespace: session.namespace }),
  )
  const encoded = secret?.data?.[target.tls.caFile ?? '']
  if (encoded !== undefined)
    return { ca: Buffer.from(encoded, 'base64').toString('utf8'), authority: target.tls.authority }
  throw new Failure({
    what: 'the CA certificate cannot be read',
    why: `the Secret "${tlsCaSecret}" has no key ${target.tls.caFile ?? ''}`,
    next: 'correct --tls-ca-secret NAME[/KEY], or use --tls-ca-file',
  })
}

const states: Record<DirectUnpause['outcome'], string> = {
  serving: 'serving',
  'not-paused': 'was not paused',
  unknown: 'unpaused (not checked)',
  left: 'left as it is',
  failed: 'failed',
}

function reasons(results: readonly DirectUnpause[]): string {
  return results.map((result) => `${result.pod}: ${result.reason ?? 'unknown'}`).join('; ')
}

function refuseSilence(failed: readonly DirectUnpause[], count: number): void {
  if (failed.length === 0) return
  throw new Failure(
    {
      what: `${failed.length} of ${count} pods may be STILL PAUSED`,
      why: reasons(failed),
      next:
        'run the command again (with --tls and its flags where the servers speak TLS); ' +
        'deleting such a pod ends its pause as well',
    },
    { exitCode: ExitCode.stillPaused },
  )
}

function refuseOthers(left: readonly DirectUnpause[]): void {
  if (left.length === 0) return
  throw new Failure({
    what: left.length === 1 ? '1 pod was left as it is' : `${left.length} pods were left as they are`,
    why: `${reasons(left)}; no record of this namespace shows a pause of ours there`,
    next: 'if nobody needs that pause, add --force',
  })
}

/**
 * The operations of `pause` that hold these releases; none where the API server does not answer, since the releases are
 * unpaused all the same.
 */
async function pausesOf(session: Session, releases: readonly string[]): Promise<string[]> {
  const holders = await leaseHolders(session, releases).catch(() => new Map<string, string>())
  return [...new Set(holders.values())].filter((operation) => kindOf(operation) === 'pause')
}

/** Has the operations that hold these releases end their pause, and tells which pauses that are left may be ended. */
async function askFirst(
  session: Session,
  terminal: Terminal,
  releases: readonly string[],
): Promise<{ holders: string[]; mayEnd: (server: PausedEndpoint) => boolean }> {
  const atWork = await leaseHolders(session, releases)
  refuseOthersAtWork(session, atWork)
  const holders = [...new Set(atWork.values())]
  await askHolders(session, terminal, holders)
  const records = await pausingRecords(session)
  return { holders, mayEnd: (server) => isOurPause(server, records) }
}

/** `unpause --direct`: unpauses from this machine, through the API server. */
export const runDirectUnpause: Action<UnpauseFlags> = async (flags, session, terminal) => {
  const options = readTargetOptions(flags)
  const names = flags.release ?? []
  if (names.length === 0 || options.target.serviceUrls.length + options.target.addresses.length > 0) {
    throw new Failure(
      {
        what: '--direct needs releases',
        why: 'a port-forward leads to pods, which are found by their release',
        next: 'name the releases, without --service-url and --addresses',
      },
      { exitCode: ExitCode.usage },
    )
  }
  const releases = await findReleases(session, names)
  requirePods(releases)
  // What may not be listed keeps nothing paused: the products' own ports are right almost everywhere.
  const services = await session.core
    .listNamespacedService({ namespace: session.namespace })
    .catch(() => ({ items: [] }))
  const servers = adminServers(releases, services.items, options.target.adminPort)
  if (flags.dryRun !== 'none') {
    for (const { pod } of servers) terminal.data(`pod/${pod} would be unpaused (dry run)`)
    return ExitCode.done
  }
  const tls = await readTls(session, options)
  const { holders, mayEnd } = flags.force
    ? { holders: await pausesOf(session, names), mayEnd: () => true }
    : await askFirst(session, terminal, names)
  const results = await directUnpause(session, servers, tls, mayEnd)
  printList<DirectUnpause>(terminal, flags.output, results, {
    columns: [
      { title: 'POD', value: (result) => result.pod },
      { title: 'RELEASE', value: (result) => result.release },
      { title: 'STATE', value: (result) => states[result.outcome] },
    ],
    document: (result) => result,
    name: (result) => `pod/${result.pod}`,
  })
  const those = (...outcomes: DirectUnpause['outcome'][]) => results.filter(({ outcome }) => outcomes.includes(outcome))
  const serving = new Set(those('serving', 'not-paused', 'unknown').map(({ pod }) => pod))
  const ended = (await awaitHolders(session, terminal, holders)).flatMap(({ operation, windows }) => {
    const window = windows.at(-1)
    return window === undefined ? [] : [{ operation, window }]
  })
  showVerdicts(terminal, ended)
  await clearRecords(
    session,
    servers.filter(({ pod }) => serving.has(pod)).map(({ endpoint }) => endpoint),
  )
  refuseSilence(those('failed'), results.length)
  refuseOthers(those('left'))
  refuseVoid(ended)
  return ExitCode.done
}
