import type { Action } from '../../command-line/command.ts'
import type { ReleaseStatus } from '../../kubernetes/releases/release-status.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import type { Column, Presentation } from '../../terminal/print.ts'
import type { StatusFlags } from './command.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { podSelector } from '../../../operation/product.ts'
import { releaseStatus } from '../../kubernetes/releases/release-status.ts'
import { printList } from '../../terminal/print.ts'
import { age } from '../../presentation/operation-columns.ts'
import { waysToUnpause } from '../../presentation/verdict.ts'

function pausedText({ paused, pods }: ReleaseStatus): string {
  if (paused === undefined) return 'no'
  const some = paused.pods === undefined || paused.pods.length === pods ? '' : `, ${paused.pods.length} of ${pods} pods`
  if (paused.by === undefined) return `yes, not by an operation of this namespace${some}`
  return `${paused.lasting ? 'STILL PAUSED' : 'yes'}, by ${paused.by} for ${age(paused.since)}${some}`
}

function lastBackupText({ lastBackup }: ReleaseStatus): string {
  return lastBackup === undefined
    ? 'none'
    : `${lastBackup.name} (${lastBackup.state}, ${age(lastBackup.createdAt)} ago)`
}

const columns: readonly Column<ReleaseStatus>[] = [
  { title: 'RELEASE', value: (status) => status.release },
  { title: 'PRODUCT', value: (status) => status.product },
  { title: 'READY', value: (status) => `${status.ready}/${status.pods}` },
  { title: 'STORAGE', value: (status) => status.storage ?? 'unknown' },
  { title: 'PAUSED', value: pausedText },
  { title: 'LAST BACKUP', value: lastBackupText },
  { title: 'SRV', value: (status) => status.srv ?? 'none', wide: true },
]
const namespaceColumn: Column<ReleaseStatus> = { title: 'NAMESPACE', value: (status) => status.namespace }

function presentation(allNamespaces: boolean): Presentation<ReleaseStatus> {
  return {
    columns: allNamespaces ? [namespaceColumn, ...columns] : columns,
    document: (status) => status,
    name: (status) => `release/${status.release}`,
  }
}

/** The namespaces that have pods or Deployments of a Scalar product. */
async function namespacesWithReleases(session: Session): Promise<string[]> {
  const [pods, deployments] = await Promise.all([
    session.core.listPodForAllNamespaces({ labelSelector: podSelector() }),
    session.apps.listDeploymentForAllNamespaces({ labelSelector: podSelector() }),
  ])
  const found = [...pods.items, ...deployments.items].flatMap((object) => object.metadata?.namespace ?? [])
  return [...new Set(found)].sort()
}

export const runStatus: Action<StatusFlags> = async (flags, session, terminal) => {
  const names = flags.releases ?? []
  const namespaces = flags.allNamespaces ? await namespacesWithReleases(session) : [session.namespace]
  const statuses: ReleaseStatus[] = []
  for (const namespace of namespaces) {
    const all = await releaseStatus({ ...session, namespace }, flags.allNamespaces ? [] : names)
    statuses.push(...(names.length === 0 ? all : all.filter((status) => names.includes(status.release))))
  }
  if (statuses.length === 0 && (flags.output === 'table' || flags.output === 'wide')) {
    terminal.note(
      flags.allNamespaces
        ? 'No release of a Scalar product was found.'
        : `No release of a Scalar product was found in namespace ${session.namespace}; -A looks in all.`,
    )
  } else printList(terminal, flags.output, statuses, presentation(flags.allNamespaces))
  for (const status of statuses) {
    if (status.paused !== undefined && status.paused.by === undefined) {
      terminal.note(
        `${status.release} was paused by somebody else; ` +
          `if nobody needs that: kubectl scalardl unpause ${status.release} -n ${status.namespace} --force`,
      )
    }
    if (status.paused?.lasting === true)
      terminal.note(
        '',
        terminal.style('alarm', ' STILL PAUSED '),
        ...waysToUnpause({ releases: [status.release], namespace: status.namespace }, []),
      )
  }
  return ExitCode.done
}
