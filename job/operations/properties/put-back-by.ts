import { annotations as ours } from '../../../operation/names.ts'
import type { Managed } from '../../kubernetes/cluster.ts'

/** Who would put an object back as it was, and what leaves its data alone. */
interface Keeper {
  who: string
  cure: string
}

/**
 * Who would put a ConfigMap or Secret back as it was, by what it bears; undefined where nobody is seen to, or where an
 * annotation says that its data is left alone.
 */
export function putBackBy(kind: 'ConfigMap' | 'Secret', { labels, annotations, owners }: Managed): Keeper | undefined {
  if (annotations[ours.leftAlone] === 'true') return undefined
  const marks = [...Object.keys(labels), ...Object.keys(annotations)]
  const bears = (...starts: string[]) => marks.some((mark) => starts.some((start) => mark.startsWith(start)))
  const [owner] = owners
  // Argo CD, "Resource Tracking"
  if (bears('argocd.argoproj.io/')) return { who: 'Argo CD', cure: `have it ignore /data of the ${kind}` }
  // Flux: what kustomize-controller and helm-controller label. The latter puts back what it detects as drift alone, and
  // a chart's ConfigMap does not tell whether it does.
  if (bears('kustomize.toolkit.fluxcd.io/') || (kind === 'Secret' && bears('helm.toolkit.fluxcd.io/')))
    return { who: 'Flux', cure: `have it ignore /data of the ${kind}` }
  // External Secrets Operator, "ExternalSecret": what it writes carries its hash
  if (bears('reconcile.external-secrets.io/') || owner?.kind === 'ExternalSecret')
    return { who: 'External Secrets', cure: 'set refreshPolicy: CreatedOnce of its ExternalSecret' }
  if (owner !== undefined) return { who: `${owner.kind} ${owner.name}`, cure: `have it leave the ${kind} alone` }
  // Helm, "Standard Labels": its next upgrade writes what the chart says. The ConfigMaps of charts are all its own, and
  // the values to change are shown.
  if (kind === 'ConfigMap') return undefined
  if (labels['app.kubernetes.io/managed-by'] === 'Helm' || bears('meta.helm.sh/'))
    return { who: 'the next upgrade by Helm', cure: 'keep its data out of the chart' }
  return undefined
}

/** What says that whoever manages a ConfigMap or Secret leaves its data alone, as it is typed. */
export function leaveAlone(kind: 'ConfigMap' | 'Secret', name: string): string {
  return `kubectl annotate ${kind.toLowerCase()} ${name} ${ours.leftAlone}=true`
}
