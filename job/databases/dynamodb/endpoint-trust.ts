import { Failure } from '../../../operation/failure.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'

/**
 * DynamoDB's endpoints as AWS names them: of a region, an account and an interface endpoint, in all partitions
 * (https://docs.aws.amazon.com/general/latest/gr/ddb.html). Hosts of AWS's customers end alike, so all of it counts.
 */
const region = '[a-z]{2}(-[a-z]+)+-[0-9]+'
const domain = '(amazonaws\\.com(\\.cn)?|api\\.aws|api\\.amazonwebservices\\.com\\.cn)'
const endpointsOfAws = [
  new RegExp(`^dynamodb(-fips)?\\.${region}\\.${domain}$`),
  new RegExp(`^[0-9]{12}\\.ddb(-fips)?\\.${region}\\.${domain}$`),
  new RegExp(`^vpce-[a-z0-9-]+\\.dynamodb(-fips)?\\.${region}\\.vpce\\.amazonaws\\.com(\\.cn)?$`),
]

/**
 * Whoever may edit a release names the endpoint that requests go to, which the release's own credentials may. Others go
 * to AWS alone, or to a host that the Secret of `--database-secret` names.
 * @throws Failure where the endpoint is neither, or no URL
 */
export function refuseStrangeEndpoint(
  { storage, secretHosts = [] }: Pick<StorageSettings, 'storage' | 'secretHosts'>,
  endpoint: string,
  credentialsFrom: string,
): void {
  const url = URL.parse(endpoint)
  const known = secretHosts.some((host) => host === url?.hostname || host === hostAndPort(url))
  if (known || (url?.protocol === 'https:' && endpointsOfAws.some((name) => name.test(url.hostname)))) return
  throw new Failure({
    what: `${credentialsFrom} is not used for storage "${storage}"`,
    why: `scalar.db.dynamo.endpoint_override of the release is ${endpoint}, which is no endpoint of AWS by https`,
    next:
      'look who set it; if that is right, name its host under the key "hosts" of a Secret, ' +
      'and give that by --database-secret',
  })
}

function hostAndPort(url: URL | null): string | undefined {
  return url === null ? undefined : `${url.hostname}:${url.port || (url.protocol === 'http:' ? '80' : '443')}`
}
