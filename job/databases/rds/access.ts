import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { oneServerOf, type Server } from '../managed-server/server.ts'

/** URLs of engines that instances are restored of. */
const urls = /^jdbc:(postgresql|mysql|mariadb):/

/** Whether a storage may be on an instance of RDS, by its properties alone. */
export function mayBeInstance({ kind, contactPoints }: StorageSettings): boolean {
  return kind === 'jdbc' && urls.test(contactPoints)
}

/** The one instance that a storage names. @throws Failure where it names several servers */
export function serverOf(settings: StorageSettings): Server {
  return oneServerOf(settings, 'an instance of RDS')
}

/** For people: rds://ledger.abc.eu-west-1.rds.amazonaws.com:5432 */
export function titleOf({ host, port }: Server): string {
  return `rds://${host}:${port}`
}

/** Endpoints of RDS; in China the service comes before the region (AWS: RDS endpoints). */
const endpoint =
  /^(?:[^.]+)\.([^.]+)\.(?:([a-z]{2}(?:-[a-z]+)+-\d+)\.rds\.amazonaws\.com|rds\.([a-z]{2}(?:-[a-z]+)+-\d+)\.amazonaws\.com\.cn)$/

/** What an endpoint's name tells of it; undefined where it is none of RDS. */
export function readEndpoint(name: string): { region: string; isInstance: boolean } | undefined {
  const [, mark = '', region, inChina] = endpoint.exec(name) ?? []
  const where = region ?? inChina
  // Clusters, proxies and custom endpoints have a word before the mark of the account.
  return where === undefined ? undefined : { region: where, isInstance: !/^(cluster|proxy)-/.test(mark) }
}
