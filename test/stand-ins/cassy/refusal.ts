import type { status } from '@grpc/grpc-js'

/** What a call is answered with in place of a result. */
export class Refusal extends Error {
  readonly said: { code: status; details: string }

  constructor(code: status, details: string) {
    super(details)
    this.said = { code, details }
  }
}

/** @param details for people; Cassy often gives none */
export function refusal(code: status, details: string): Refusal {
  return new Refusal(code, details)
}
