import type { GlobalFlags } from '../../flags/flags-of.ts'
import type { StoredRecord } from '../../kubernetes/records/records.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import type { Candidate, LiveNames } from './complete.ts'
import { connect } from '../../kubernetes/api/connect.ts'
import { listOperations } from '../../kubernetes/records/operations.ts'
import { listReleases } from '../../kubernetes/releases/releases.ts'
import { shortName, stateOf } from '../../presentation/operation-columns.ts'

function globalFlags(values: ReadonlyMap<string, string>): GlobalFlags {
  return {
    namespace: values.get('--namespace'),
    context: values.get('--context'),
    kubeconfig: values.get('--kubeconfig'),
    as: values.get('--as'),
    asGroup: undefined,
    // a shell that hangs is worse than one that does not complete
    requestTimeout: '3s',
    output: 'name',
    verbose: false,
  }
}

/** Newest first, since that is the one most often meant. */
function candidates(records: readonly StoredRecord[], name: (stored: StoredRecord) => string): Candidate[] {
  return records
    .toReversed()
    .map((stored) => ({ word: name(stored), description: `${stateOf(stored)}, ${stored.createdAt ?? ''}` }))
}

async function namesIn(session: Session, what: string): Promise<Candidate[]> {
  switch (what) {
    case 'release':
      return (await listReleases(session)).map((release) => ({
        word: release.name,
        description: release.product.title,
      }))
    case 'backup':
    case 'restore':
      return candidates(await listOperations(session, what), shortName)
    case 'operation':
      return candidates(await listOperations(session), (stored) => stored.operation)
    case 'namespace':
      return (await session.core.listNamespace()).items.map((namespace) => ({ word: namespace.metadata?.name ?? '' }))
    case 'context':
      return session.kubeConfig.getContexts().map((context) => ({ word: context.name }))
    default:
      return []
  }
}

/** Names from the cluster and the kubeconfig that the flags on the command line mean. */
export const liveNames: LiveNames = async (what, values) => namesIn(connect(globalFlags(values)), what)
