import type { StorageSettings } from '../../scalardb/storage-settings.ts'

/** URLs of engines that instances and clusters are restored of. */
const urls = /^jdbc:(postgresql|mysql|mariadb):/

/** Whether a storage may be on an instance of RDS or a cluster of Aurora, by its properties alone. */
export function mayBeRelational({ kind, contactPoints }: StorageSettings): boolean {
  return kind === 'jdbc' && urls.test(contactPoints)
}

/** What is behind an endpoint; reader and custom endpoints are of clusters. */
export type EndpointKind = 'instance' | 'cluster' | 'reader' | 'custom' | 'proxy'

/** Endpoints of RDS and Aurora; in China the service comes before the region (AWS: RDS endpoints). */
const endpoint =
  /^(?:[^.]+)\.([^.]+)\.(?:([a-z]{2}(?:-[a-z]+)+-\d+)\.rds\.amazonaws\.com|rds\.([a-z]{2}(?:-[a-z]+)+-\d+)\.amazonaws\.com\.cn)$/

/** Words before the mark of the account (Aurora user guide: types of Aurora endpoints; RDS Proxy). */
const words: readonly (readonly [RegExp, EndpointKind])[] = [
  [/^cluster-ro-/, 'reader'],
  [/^cluster-custom-/, 'custom'],
  [/^cluster-/, 'cluster'],
  [/^proxy-/, 'proxy'],
]

/** Whether a name is one that RDS gives. */
export function isEndpoint(name: string): boolean {
  return endpoint.test(name)
}

/** What an endpoint's name tells of it; undefined where it is none of RDS. */
export function readEndpoint(name: string): { region: string; of: EndpointKind } | undefined {
  const [, mark = '', region, inChina] = endpoint.exec(name) ?? []
  const where = region ?? inChina
  if (where === undefined) return undefined
  return { region: where, of: words.find(([word]) => word.test(mark))?.[1] ?? 'instance' }
}
