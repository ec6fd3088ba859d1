import { Failure } from '../../operation/failure.ts'
import type { Finding } from '../../operation/finding.ts'

/** None of the servers of a database takes writes. */
export class NoPrimary extends Failure {
  constructor(title: string, why: string) {
    super({ what: `${title} has no primary`, why, next: 'check the failover state of the servers' })
  }
}

/** The rows that were loaded are not those that the backup counted. */
export class NotAsBackedUp extends Failure {
  /** @param look for what to look in the server's log */
  constructor(title: string, why: string, look: string) {
    super({
      what: `what was loaded of ${title} is not what was backed up`,
      why,
      next: `check the server's log for ${look} at the time of the restore; the data in service was not touched`,
    })
  }
}

/** What was in service before a restore is not there any more. */
export class NoWayBack extends Failure {
  constructor(title: string, why: string) {
    super({
      what: `the former data of ${title} cannot be put back`,
      why,
      next: 'restore another backup instead: kubectl scalardl get backups',
    })
  }
}

/** What is wrong, as a finding; something unforeseen stays an error of this program. */
export function findingOf(check: string, subject: string, error: unknown): Finding {
  if (!(error instanceof Failure)) throw error
  return { check, subject, outcome: 'error', message: `${error.what}: ${error.why}`, cure: error.next }
}
