import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { oneServerOf, type Server } from '../managed-server/server.ts'

/** URLs of engines that instances are restored of. */
const urls = /^jdbc:(postgresql|mysql|mariadb):/

/** Whether a storage may be on an instance of RDS, by its properties alone. */
export function mayBeInstance({ kind, contactPoints }: StorageSettings): boolean {
  return kind === 'jdbc' && urls.test(contactPoints)
}

/** What people call a server of the service. */
export const service = 'an instance of RDS'

/** The one instance that a storage names. @throws Failure where it names several servers */
export function serverOf(settings: StorageSettings): Server {
  return oneServerOf(settings, service)
}

/** For people: rds://ledger.abc.eu-west-1.rds.amazonaws.com:5432 */
export function titleOf({ host, port }: Server): string {
  return `rds://${host}:${port}`
}

/** Endpoints of RDS; in China the service comes before the region (AWS: RDS endpoints). */
const endpoint =
  /^(?:[^.]+)\.([^.]+)\.(?:([a-z]{2}(?:-[a-z]+)+-\d+)\.rds\.amazonaws\.com|rds\.([a-z]{2}(?:-[a-z]+)+-\d+)\.amazonaws\.com\.cn)$/

/** Whether a name is one that RDS gives. */
export function isEndpoint(name: string): boolean {
  return endpoint.test(name)
}

/** What an endpoint's name tells of it; undefined where it is none of RDS. */
export function readEndpoint(name: string): { region: string; isInstance: boolean } | undefined {
  const [, mark = '', region, inChina] = endpoint.exec(name) ?? []
  const where = region ?? inChina
  // Clusters, proxies and custom endpoints have a word before the mark of the account.
  return where === undefined ? undefined : { region: where, isInstance: !/^(cluster|proxy)-/.test(mark) }
}
