import type { Finding } from '../../../../operation/finding.ts'
import { changeId, Repointing } from '../../repoint/repointing.ts'
import { comparable } from '../access.ts'
import { keyCommand, primaryKey } from '../account/keys.ts'
import { missingRights } from '../../../azure/rights.ts'
import { repointActions } from '../rights-needed.ts'
import type { RestoreWork } from './restore-work.ts'

export const endpointProperty = 'contact_points'
export const keyProperty = 'password'

/** Whether keys that write can be read. @param otherwise what to do without */
export async function checkKeys(
  { arm, details, title }: Pick<RestoreWork, 'arm' | 'details' | 'title'>,
  otherwise: string,
): Promise<Finding[]> {
  const group = details.id.slice(0, details.id.indexOf('/providers/'))
  const missing = (await missingRights(arm, group, repointActions)) ?? []
  return missing.map((right) => ({
    check: 'right to read keys',
    subject: title,
    outcome: 'error',
    message: `missing: ${right}`,
    cure: `assign the role of docs/platforms/policies/cosmos-keys-role.json, or ${otherwise}`,
  }))
}

/** The properties that name an account: its endpoint and its key. */
export class AccountRepointing extends Repointing {
  readonly #work: RestoreWork
  /** of the restored account */
  readonly endpoint: string

  /** @param endpoint of the restored account, as Azure tells it */
  constructor(work: RestoreWork, endpoint: string) {
    const { context, lasting, settings, target, title } = work
    super({
      operation: context.operation,
      title,
      noun: 'account',
      changes: settings.flatMap((one) => [
        {
          id: changeId(one.storage, endpointProperty),
          settings: one,
          property: endpointProperty,
          value: endpoint,
        },
        {
          id: changeId(one.storage, keyProperty),
          settings: one,
          property: keyProperty,
          secret: () => primaryKey(lasting, target),
          command: keyCommand(target),
        },
      ]),
      properties: context.properties,
      asRead: ({ contactPoints }) => contactPoints,
      former: context.former?.details['former'],
      cure: 'undo the later restore first, or set endpoint and key of the release yourself',
    })
    this.#work = work
    this.endpoint = endpoint
  }

  /** Looks, changing nothing, whether the release can be pointed to the account and back. */
  async checkRights(): Promise<Finding[]> {
    return [...(await this.findings()), ...(await checkKeys(this.#work, 'restore with --repoint print'))]
  }

  /** the endpoint that each storage had before, as it is compared */
  formerEndpoints(): string[] {
    return this.#work.settings.flatMap(({ storage }) => {
      const former = this.former()[changeId(storage, endpointProperty)]
      return typeof former === 'string' && URL.canParse(former) ? [comparable(former)] : []
    })
  }
}
