import { Failure } from '../../../operation/failure.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import type { Details } from './details.ts'
import { refuseStrangeEndpoint } from './endpoint-trust.ts'
import { namingOf, type Naming } from './tables/table-names.ts'

/** Where a storage's tables are, and as whom they are reached. Holds a secret: never recorded. */
export interface Access {
  region: string
  /** `scalar.db.dynamo.endpoint_override` */
  endpoint: string | undefined
  naming: Naming
  /** namespaces of the states of transactions, of all storages that live there */
  coordinatorNamespaces: string[]
  /** absent: AWS's default provider chain finds them in the pod */
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined
  /** for people: where the credentials come from */
  credentialsFrom: string
}

const fromRelease = "the release's own username and password"

/** What tells that a pod has credentials of its own (AWS SDK: the default provider chain). */
const podCredentials: Record<string, string> = {
  AWS_WEB_IDENTITY_TOKEN_FILE: "the worker's ServiceAccount (IRSA)",
  AWS_CONTAINER_CREDENTIALS_FULL_URI: "the worker's ServiceAccount (EKS Pod Identity)",
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "the worker's container",
  AWS_ACCESS_KEY_ID: "the worker's environment",
}

/**
 * The access of storages that live in one place: a database secret's credentials, else the pod's, else those that the
 * release itself uses (ScalarDB takes username and password for access key and secret).
 * @throws Failure where none is known, the secret is half one, or they are not for the endpoint that the release names
 */
export function accessOf(settings: readonly StorageSettings[], env: NodeJS.ProcessEnv = process.env): Access {
  const [first] = settings
  if (first === undefined) throw new Error('a database without storages')
  const region = first.contactPoints.split(',')[0]?.trim() ?? ''
  const endpoint = first.property('dynamo.endpoint_override') ?? first.property('dynamo.endpoint-override')
  const coordinatorNamespaces = [...new Set(settings.map((one) => namingOf(one).coordinatorNamespace))]
  const credentials = credentialsOf(first, env)
  if (endpoint !== undefined && credentials.credentialsFrom !== fromRelease)
    refuseStrangeEndpoint(first, endpoint, credentials.credentialsFrom)
  return { region, endpoint, naming: namingOf(first), coordinatorNamespaces, ...credentials }
}

/**
 * The same access to another region. An endpoint is of one region: the release's own, or what it had where the backup
 * is of.
 */
export function inRegion(access: Access, region: string, backup: Pick<Details, 'region' | 'endpoint'>): Access {
  if (region === access.region) return access
  return { ...access, region, endpoint: region === backup.region ? backup.endpoint : undefined }
}

/** For people: dynamodb://ap-northeast-1, with the prefix where there is one. */
export function titleOf({ region, naming }: Pick<Access, 'region' | 'naming'>): string {
  return `dynamodb://${region}${naming.prefix === '' ? '' : `/${naming.prefix}`}`
}

function credentialsOf(
  { storage, username, password, fromSecret }: StorageSettings,
  env: NodeJS.ProcessEnv,
): Pick<Access, 'credentials' | 'credentialsFrom'> {
  const own =
    username === undefined || password === undefined ? undefined : { accessKeyId: username, secretAccessKey: password }
  if (fromSecret === true) {
    if (own !== undefined) return { credentials: own, credentialsFrom: 'the database secret' }
    throw unknown(storage, 'the database secret has only one of username and password')
  }
  const pod = Object.entries(podCredentials).find(([variable]) => (env[variable] ?? '') !== '')
  if (pod !== undefined) return { credentials: undefined, credentialsFrom: pod[1] }
  if (own !== undefined) return { credentials: own, credentialsFrom: fromRelease }
  throw unknown(
    storage,
    'there is no database secret, the pod has no identity at AWS, and the properties name no username and password',
  )
}

function unknown(storage: string, why: string): Failure {
  return new Failure({
    what: `storage "${storage}" has no credentials for AWS`,
    why,
    next:
      'give the ServiceAccount a role (install --service-account-annotation), or a Secret with username ' +
      '(access key id) and password (secret access key) by --database-secret',
  })
}
