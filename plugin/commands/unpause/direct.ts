import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import type { Action } from '../../command.ts'
import { unlessMissing } from '../../kubernetes/api-error.ts'
import type { AdminTls } from '../../kubernetes/admin-client.ts'
import { directUnpause, type DirectUnpause } from '../../kubernetes/direct-unpause.ts'
import { listRecords } from '../../kubernetes/records.ts'
import { findReleases, requirePods } from '../../kubernetes/releases.ts'
import type { Session } from '../../kubernetes/session.ts'
import { readTargetOptions, type TargetOptions } from '../../operations/read-target.ts'
import { printList } from '../../terminal/print.ts'
import type { UnpauseFlags } from './command.ts'

/** An unpause in the middle of a backup makes it worthless. */
async function refuseDuringBackup(session: Session, releases: readonly string[]): Promise<void> {
  const running = (await listRecords(session, 'backup')).find(({ record }) => record?.state === 'running' && record.releases.some((release) => releases.includes(release)))
  if (running === undefined) return
  throw new Failure({
    what: 'the pause belongs to a backup that is under way',
    why: `${running.operation} would become unusable`,
    next: `wait for it, end it with \`kubectl scalardl cancel ${running.operation}\`, or add --force if its worker is gone`,
  })
}

async function readTls(session: Session, { target, tlsCaSecret }: TargetOptions): Promise<AdminTls | undefined> {
  if (!target.tls.enabled) return undefined
  if (tlsCaSecret === undefined) return { ca: target.tls.caPem, authority: target.tls.authority }
  const secret = await unlessMissing(session.core.readNamespacedSecret({ name: tlsCaSecret, namespace: session.namespace }))
  const encoded = secret?.data?.[target.tls.caFile ?? '']
  if (encoded !== undefined) return { ca: Buffer.from(encoded, 'base64').toString('utf8'), authority: target.tls.authority }
  throw new Failure({ what: 'the CA certificate cannot be read', why: `the Secret "${tlsCaSecret}" has no key ${target.tls.caFile ?? ''}`, next: 'correct --tls-ca-secret NAME[/KEY], or use --tls-ca-file' })
}

/** `unpause --direct`: from this machine, through the API server. */
export const runDirectUnpause: Action<UnpauseFlags> = async (flags, session, terminal) => {
  const options = readTargetOptions(flags)
  const names = flags.release ?? []
  if (names.length === 0 || options.target.serviceUrls.length + options.target.addresses.length > 0) {
    throw new Failure({ what: '--direct needs releases', why: 'a port-forward leads to pods, which are found by their release', next: 'name the releases, without --service-url and --addresses' }, { exitCode: ExitCode.usage })
  }
  const releases = await findReleases(session, names)
  requirePods(releases)
  if (!flags.force) await refuseDuringBackup(session, names)
  if (flags.dryRun !== 'none') {
    for (const release of releases) for (const pod of release.pods) terminal.data(`pod/${pod.metadata?.name ?? ''} would be unpaused (dry run)`)
    return ExitCode.done
  }
  const results = await directUnpause(session, releases, options.target.adminPort, await readTls(session, options))
  printList<DirectUnpause>(terminal, flags.output, results, {
    columns: [
      { title: 'POD', value: (result) => result.pod },
      { title: 'RELEASE', value: (result) => result.release },
      { title: 'STATE', value: (result) => (result.outcome === 'unknown' ? 'unpaused (not checked)' : result.outcome) },
    ],
    document: (result) => result,
    name: (result) => `pod/${result.pod}`,
  })
  const failed = results.filter((result) => result.outcome === 'failed')
  if (failed.length === 0) return ExitCode.done
  throw new Failure(
    {
      what: `${failed.length} of ${results.length} pods may be STILL PAUSED`,
      why: failed.map((result) => `${result.pod}: ${result.reason ?? 'unknown'}`).join('; '),
      next: 'run the command again (with --tls and its flags where the servers speak TLS); deleting such a pod ends its pause as well',
    },
    { exitCode: ExitCode.stillPaused },
  )
}
