import { Failure } from '../../operation/failure.ts'
import type { StorageSettings } from './storage-settings.ts'

/**
 * Whoever may edit a release names its servers, so a database secret names those that it is for: the administrator
 * confirms them once, where nobody without rights on Secrets can change it.
 * @throws Failure where the Secret names none, or one of `hosts` is none of them
 */
export function refuseStrangers(
  { storage, fromSecret, secretHosts = [] }: StorageSettings,
  hosts: readonly { host: string; port: number }[],
): void {
  if (fromSecret !== true) return
  const strangers = hosts.filter(
    ({ host, port }) => !secretHosts.some((known) => known === host || known === `${host}:${port}`),
  )
  if (strangers.length === 0) return
  const named = strangers.map(({ host, port }) => `${host}:${port}`).join(', ')
  const known = secretHosts.length === 0 ? 'does not say which servers it is for' : `is for ${secretHosts.join(', ')}`
  throw new Failure({
    what: `the database secret is not used for storage "${storage}"`,
    why: `the release names ${named}, and the Secret ${known}`,
    next:
      `if that is right, confirm it once: add ${named} to the key "hosts" of the Secret; ` +
      'if the Secret is for another storage of the release, name its keys after that one: ' +
      'STORAGE.username, STORAGE.password, STORAGE.hosts; ' +
      'if neither, look who changed scalar.db.contact_points',
  })
}
