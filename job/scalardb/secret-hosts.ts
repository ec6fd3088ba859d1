import { Failure } from '../../operation/failure.ts'
import type { StorageSettings } from './storage-settings.ts'

/** @throws Failure where a database secret names the servers that it is for, and one of `hosts` is none of them */
export function refuseStrangers(
  { storage, fromSecret, secretHosts }: StorageSettings,
  hosts: readonly { host: string; port: number }[],
): void {
  if (fromSecret !== true || secretHosts === undefined) return
  const stranger = hosts.find(
    ({ host, port }) => !secretHosts.some((known) => known === host || known === `${host}:${port}`),
  )
  if (stranger === undefined) return
  throw new Failure({
    what: `the database secret is not used for storage "${storage}"`,
    why: `the release names ${stranger.host}:${stranger.port}, and the Secret is for ${secretHosts.join(', ')}`,
    next: 'look who changed scalar.db.contact_points; if that is right, add the host to the key "hosts" of the Secret',
  })
}
