import { Failure } from '../../../operation/failure.ts'

/** A Secret that the worker's Role does not name. */
export class NotGranted extends Failure {}

/** A Secret, as far as it has to be known by whoever changes it. */
export interface NamedSecret {
  /** by key, as text */
  data: Readonly<Record<string, string>>
  immutable: boolean
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  owners: readonly { kind: string; name: string }[]
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
