import type { GlobalFlags } from '../../flags/flags-of.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import type { Candidate, LiveNames } from './complete.ts'
import { connect } from '../../kubernetes/api/connect.ts'
import { knownOperations, type KnownOperation } from '../../kubernetes/records/records.ts'
import { listReleases } from '../../kubernetes/releases/releases.ts'
import { shortName } from '../../presentation/operation-columns.ts'

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

/** Newest first, since it is wanted most often. */
function candidates(known: readonly KnownOperation[], name: (one: KnownOperation) => string): Candidate[] {
  return known.toReversed().map((one) => ({
    word: name(one),
    description: [...(one.ended === undefined ? [] : [one.ended]), one.createdAt ?? ''].join(', '),
  }))
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
      return candidates(await knownOperations(session, what), shortName)
    case 'operation':
      return candidates(await knownOperations(session), ({ operation }) => operation)
    case 'namespace':
      return (await session.core.listNamespace()).items.map((namespace) => ({ word: namespace.metadata?.name ?? '' }))
    case 'context':
      return session.kubeConfig.getContexts().map((context) => ({ word: context.name }))
    default:
      return []
  }
}

/** Names from the cluster and the kubeconfig that the flags select. */
export const liveNames: LiveNames = async (what, values) => namesIn(connect(globalFlags(values)), what)
