import * as kubernetes from '@kubernetes/client-node'

/** The fields of an object: those of another one, a list of such, or anything (true). */
type Fields = true | [Fields] | { [name: string]: Fields }

/** What the documents have of kinds that Kubernetes itself does not know, with the document that each is from. */
const others: Record<string, Fields> = {
  // kubectl.docs.kubernetes.io, "Kustomization"
  'kustomize.config.k8s.io/v1beta1 Kustomization': { namespace: true, resources: true },
  // argo-cd.readthedocs.io, "Application Specification" and "Diff Strategies"
  'argoproj.io/v1alpha1 Application': {
    spec: {
      project: true,
      destination: { server: true, namespace: true },
      source: { repoURL: true, chart: true, targetRevision: true },
      ignoreDifferences: [{ group: true, kind: true, name: true, jsonPointers: true }],
      syncPolicy: { automated: { selfHeal: true, prune: true }, syncOptions: true },
    },
  },
  // fluxcd.io, "Helm Releases"
  'helm.toolkit.fluxcd.io/v2 HelmRelease': {
    spec: {
      interval: true,
      chart: { spec: { chart: true, version: true, sourceRef: { kind: true, name: true } } },
      driftDetection: { mode: true, ignore: [{ paths: true, target: { kind: true, name: true } }] },
    },
  },
}

/** The fields that Kubernetes' own model of this name has; undefined where there is none. */
function modelFields(name: string): Map<string, string> | undefined {
  const model: unknown = Object.entries(kubernetes).find(([known]) => known === name)?.[1]
  if (typeof model !== 'function' || !('getAttributeTypeMap' in model)) return undefined
  const attributes = (model as { getAttributeTypeMap(): { baseName: string; type: string }[] }).getAttributeTypeMap()
  return new Map(attributes.map(({ baseName, type }) => [baseName, type]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrongByModel(value: unknown, type: string, path: string): string[] {
  const item = /^Array<(.*)>$/.exec(type)?.[1]
  if (item !== undefined)
    return Array.isArray(value)
      ? value.flatMap((one, at) => wrongByModel(one, item, `${path}[${at}]`))
      : [`${path} is no list`]
  if (['string', 'number', 'boolean'].includes(type))
    return typeof value === type ? [] : [`${path} is no ${type}: ${JSON.stringify(value)}`]
  const fields = modelFields(type)
  if (fields === undefined) return []
  if (!isObject(value)) return [`${path} is no ${type}`]
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = fields.get(name)
    return known === undefined ? [`${path}.${name} is unknown`] : wrongByModel(inner, known, `${path}.${name}`)
  })
}

function wrongByFields(value: unknown, fields: Fields, path: string): string[] {
  if (fields === true) return []
  if (Array.isArray(fields))
    return Array.isArray(value)
      ? value.flatMap((one, at) => wrongByFields(one, fields[0], `${path}[${at}]`))
      : [`${path} is no list`]
  if (!isObject(value)) return [`${path} is no object`]
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = fields[name]
    return known === undefined ? [`${path}.${name} is unknown`] : wrongByFields(inner, known, `${path}.${name}`)
  })
}

/** What of an object its kind does not know, in words; a kind that nobody knows is wrong itself. */
export function wrongIn(object: unknown): string[] {
  if (!isObject(object)) return ['this is no object']
  const { apiVersion, kind, ...rest } = object
  const title = `${String(apiVersion)} ${String(kind)}`
  const fields = others[title]
  if (isObject(fields))
    return wrongByFields(rest, { metadata: { name: true, namespace: true }, ...fields }, String(kind))
  const version = String(apiVersion).split('/').at(-1) ?? ''
  const model = `${version[0]?.toUpperCase()}${version.slice(1)}${String(kind)}`
  if (modelFields(model) === undefined) return [`${title} is no kind that is known here`]
  return wrongByModel(object, model, String(kind))
}
