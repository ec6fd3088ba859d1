// Room: the Secrets of releases, as far as the worker's Role names them, and who else manages such objects.
// Read release-secrets, kubernetes-secrets, managed.

import { Failure } from '../../../operation/failure.ts'
import type { Managed } from '../cluster.ts'

/** A Secret that the worker's Role does not name. */
export class NotGranted extends Failure {}

/** A Secret, as far as it has to be known by whoever changes it. */
export interface NamedSecret extends Managed {
  /** by key, as text */
  data: Readonly<Record<string, string>>
}

/**
 * Secrets that `install --repoint-secret` lets the worker read and change, each by its name. Nothing here is in a
 * message: what a Secret holds is told to nobody.
 */
export interface ReleaseSecrets {
  /** undefined where there is none. @throws NotGranted where the worker may not read it */
  read(name: string): Promise<NamedSecret | undefined>
  /** Asks for a change that the API server does not keep. @throws NotGranted where the worker may not change it */
  tryChange(name: string): Promise<void>
  /**
   * Sets one key, or takes it away where `change` answers undefined; everything else stays as it is.
   * @param change is given what is there, and called again where somebody else changed the Secret meanwhile
   * @throws NotGranted; Failure where there is no such Secret, or the key holds no text
   */
  change(name: string, key: string, change: (text: string | undefined) => string | undefined): Promise<void>
}
