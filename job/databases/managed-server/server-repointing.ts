import type { Finding } from '../../../operation/finding.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import type { WorkContext } from '../point-in-time/work-context.ts'
import { changeId, Repointing } from '../repoint/repointing.ts'
import { hidesPassword, isPostgresql, oneServerOf, onServer, withoutPassword, type Server } from './server.ts'

const property = 'contact_points'

/** A name of a Service of the cluster, in full: name, namespace. */
const serviceName = /^([^.]+)\.([^.]+)\.svc(?:\.|$)/

interface Of {
  title: string
  /** what people call a server of the service: an instance of RDS */
  service: string
  /** in one word: instance */
  noun: string
  settings: readonly StorageSettings[]
  context: WorkContext
  /** the server that was backed up, as the service and the release name it */
  formerServer: Server
  /** the restored one */
  server: Server
}

/** The property that names a server: the JDBC URL of each storage, with another host in it. */
export class ServerRepointing extends Repointing {
  readonly #of: Of

  constructor(of: Of) {
    const { context, noun, settings, title } = of
    super({
      operation: context.operation,
      title,
      noun,
      changes: settings.map((one) => ({
        id: changeId(one.storage, property),
        settings: one,
        property,
        value: withoutPassword(restoredUrl(of, one)),
      })),
      properties: context.properties,
      asRead: ({ contactPoints }) => contactPoints,
      former: context.former?.details['former'],
      cure: 'undo the later restore first, or set the host in the URL of the release yourself',
    })
    this.#of = of
  }

  /** the restored server */
  get server(): Server {
    return this.#of.server
  }

  /** Looks, changing nothing, whether the release can be pointed to the server and back. */
  override async findings(): Promise<Finding[]> {
    const { noun, settings, title } = this.#of
    const check = { check: 'properties', subject: title }
    const secret = settings.filter(({ contactPoints }) => hidesPassword(contactPoints))
    const told = secret.map(({ storage }): Finding => ({
      ...check,
      outcome: 'error',
      message: `the URL of storage ${storage} has a password in it, which would be in the journal and the record`,
      cure: 'give it by scalar.db.password, or restore with --repoint print',
    }))
    const listed = settings.filter(hasComma).map(({ storage }): Finding => ({
      ...check,
      outcome: 'error',
      message: `the URL of storage ${storage} has a comma in it, which properties and variables escape differently`,
      cure: 'restore with --repoint print',
    }))
    const aliases = settings.filter((one) => this.#isAlias(one))
    const refused = [...told, ...listed]
    return [
      ...refused,
      ...(refused.length > 0 ? [] : await super.findings()),
      ...aliases.map((one): Finding => ({
        ...check,
        outcome: 'warning',
        message: `storage ${one.storage} names an alias, ${this.#hostOf(one)}; the URL will name the ${noun} itself`,
        cure: `to keep the alias, restore with --repoint print, and have it lead to the new ${noun}`,
      })),
    ]
  }

  override async byHand(): Promise<string[]> {
    const escaped =
      'write each comma of the URL as \\\\, in a text of properties and as \\, in a variable: ' +
      'ScalarDB would take what is before it for the whole'
    return [...(await super.byHand()), ...(this.#of.settings.some(hasComma) ? [escaped] : [])]
  }

  /** How the names of its own that a storage goes by can be switched in their place, for people. */
  aliases(): string[] {
    const { server, settings } = this.#of
    const hosts = new Set(settings.filter((one) => this.#isAlias(one)).map((one) => this.#hostOf(one)))
    return [...hosts].flatMap((host) => {
      const [, name, namespace] = serviceName.exec(host) ?? []
      const patch = JSON.stringify({ spec: { externalName: server.host } })
      return [
        name === undefined
          ? `or, in place of the URL, have the alias ${host} lead to ${server.host}, and restart the pods`
          : `or, in place of the URL, where Service ${name} has an externalName, then restart the pods: ` +
            `kubectl patch service ${name} --namespace ${namespace} --type merge --patch '${patch}'`,
        `certificates are for ${server.host}, not for ${host}: with the alias ${this.#verifying()} fails`,
      ]
    })
  }

  /** The storages with the URL that each had before; those whose former URL is not known are left out. */
  formerSettings(): StorageSettings[] {
    return this.#of.settings.flatMap((one) => {
      const contactPoints = this.former()[changeId(one.storage, property)]
      return typeof contactPoints === 'string' ? [{ ...one, contactPoints }] : []
    })
  }

  /** The storages with the URL that leads to the restored server. */
  restoredSettings(): StorageSettings[] {
    return this.#of.settings.map((one) => ({ ...one, contactPoints: restoredUrl(this.#of, one) }))
  }

  /** Whether a storage names neither the server that was backed up nor the restored one. */
  #isAlias(one: StorageSettings): boolean {
    return ![this.#of.formerServer.host.toLowerCase(), this.#of.server.host].includes(this.#hostOf(one))
  }

  /** What the driver is told by to compare the name of a certificate. */
  #verifying(): string {
    return this.#of.settings.every(isPostgresql) ? 'sslmode=verify-full' : 'sslMode=VERIFY_IDENTITY'
  }

  #hostOf(one: StorageSettings): string {
    return oneServerOf(one, this.#of.service).host
  }
}

/** Whether a URL has a comma among its parameters; ScalarDB reads properties as lists, and takes a URL's first part. */
function hasComma({ contactPoints }: StorageSettings): boolean {
  return contactPoints.includes(',')
}

/**
 * The URL of a storage with the restored server in it. Another port than that of the backup is one of a pooler beside
 * it, and stays.
 */
function restoredUrl({ formerServer, server, service }: Of, one: StorageSettings): string {
  const { port } = oneServerOf(one, service)
  return onServer(one.contactPoints, { ...server, port: port === formerServer.port ? server.port : port })
}
