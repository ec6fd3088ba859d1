import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { Server } from '../../managed-server/server.ts'
import { serverOf } from '../access.ts'
import type { RestoreWork } from './restore-work.ts'

/** What the administrator does to point the releases to the restored instance. */
export function instructions(
  { settings, details, context: { properties } }: RestoreWork,
  server: Server,
  differences: readonly string[],
): string[] {
  const line = (one: StorageSettings) => {
    const value = pointedTo(one, server)
    return properties?.line(one, 'contact_points', value) ?? `scalar.db.contact_points=${value}`
  }
  return [
    ...differences.map((difference) => `see to this first, no restore can: ${difference}`),
    ...settings.map((one) => `to use the restored instance, set ${line(one)}`),
    ...settings.map(
      (one) => `where storage ${one.storage} names an alias of its own instead, have that lead to ${server.host}`,
    ),
    'users and passwords are those of the restore point, and certificates are of the new host name',
    'note the former host: putting it back points the release back',
    'then upgrade the release with Helm, or restart its pods once its ConfigMap says so',
    'once nobody needs the former instance: ' +
      `aws rds delete-db-instance --region ${details.region} --db-instance-identifier ${details.instance} ` +
      `--final-db-snapshot-identifier ${details.instance}-final --no-delete-automated-backups`,
  ]
}

/** The URL of a storage with another server in it, and without what a URL may hold of secrets. */
export function pointedTo(settings: StorageSettings, { host, port }: Server): string {
  const former = serverOf(settings)
  const at = settings.contactPoints.toLowerCase().indexOf(former.host)
  const [before, after] = [settings.contactPoints.slice(0, at), settings.contactPoints.slice(at + former.host.length)]
  const rest = after.replace(/^:\d+/, '')
  return `${before}${host}:${port}${rest}`.replace(/([?&]password=)[^&]*/g, '$1…')
}
