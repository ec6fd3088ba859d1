import * as z from 'zod'

const endpoint = z
  .url({ protocol: /^https?$/, error: 'endpoint= is no http or https URL', abort: true })
  .refine((text) => {
    const { username, password, search, hash } = new URL(text)
    return `${username}${password}${search}${hash}` === ''
  }, 'endpoint= has more in it than a host, a port and a path')
  .transform((text) => text.replace(/\/+$/, ''))
const secretNamed = (option: string) =>
  z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, `${option}= cannot be the name of a Secret`)
const secret = secretNamed('secret')
/** From these a restore cannot read. */
const archives = ['GLACIER', 'DEEP_ARCHIVE']

const s3Options = z
  .strictObject({
    endpoint,
    region: z.string().regex(/^[a-z0-9-]+$/, 'region= is no name of a region'),
    secret,
    'path-style': z.enum(['true', 'false'], 'path-style= is true or false'),
    sse: z.enum(['AES256', 'aws:kms', 'aws:kms:dsse'], 'sse= is AES256, aws:kms or aws:kms:dsse'),
    'kms-key': z.string().min(1, 'kms-key= is empty'),
    'customer-key-secret': secretNamed('customer-key-secret'),
    'storage-class': z
      .string()
      .regex(/^[A-Z0-9_]+$/, 'storage-class= is no storage class')
      .refine((name) => !archives.includes(name), 'storage-class= is an archive, from which no restore can read'),
  })
  .partial()
  .refine(
    (options) => options['kms-key'] === undefined || options.sse?.startsWith('aws:kms') === true,
    'kms-key= needs sse=aws:kms',
  )
  .refine(
    (options) => options['customer-key-secret'] === undefined || options.sse === undefined,
    'customer-key-secret= and sse= are two ways of one thing',
  )
  .refine(
    (options) => options['customer-key-secret'] === undefined || options.endpoint?.startsWith('http:') !== true,
    'customer-key-secret= needs an endpoint of https, since the key itself is sent',
  )

const azureOptions = z
  .strictObject({
    endpoint,
    secret,
    'access-tier': z.enum(['Hot', 'Cool', 'Cold'], 'access-tier= is Hot, Cool or Cold'),
  })
  .partial()

/** A part of an S3 bucket, and how it is reached. No secret is in it. */
export interface S3Location {
  kind: 's3'
  bucket: string
  /** what keys begin with, without slashes at its ends; may be empty */
  path: string
  options: z.infer<typeof s3Options>
}

/** The Secrets that a location names. */
export function secretsOf({ kind, options }: ObjectLocation): string[] {
  const named = [options.secret, kind === 's3' ? options['customer-key-secret'] : undefined]
  return [...new Set(named.filter((name) => name !== undefined))]
}

/** A part of a container of Azure Blob Storage, and how it is reached. No secret is in it. */
export interface AzureLocation {
  kind: 'azblob'
  account: string
  container: string
  /** what names of blobs begin with, without slashes at its ends; may be empty */
  path: string
  options: z.infer<typeof azureOptions>
}

export type ObjectLocation = S3Location | AzureLocation

/**
 * Reads `s3://BUCKET/path?endpoint=…&secret=…` or `azblob://ACCOUNT/CONTAINER/path?…`, from its parts.
 * @throws Error that says what is wrong
 */
export function objectLocation(
  scheme: ObjectLocation['kind'],
  host: string,
  parts: readonly string[],
  query: string,
): ObjectLocation {
  const given = [...new URLSearchParams(query)]
  const twice = given.find(([name], index) => given.findIndex(([other]) => other === name) < index)
  if (twice !== undefined) throw new Error(`${twice[0]}= is given twice`)
  if (scheme === 's3') {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(host)) throw new Error(`"${host}" cannot be the name of a bucket`)
    return { kind: scheme, bucket: host, path: parts.join('/'), options: parsed(s3Options, given) }
  }
  const [container = '', ...path] = parts
  if (!/^[a-z0-9]{3,24}$/.test(host)) throw new Error(`"${host}" cannot be the name of a storage account`)
  if (!/^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(container))
    throw new Error(`"${container}" cannot be the name of a container`)
  return { kind: scheme, account: host, container, path: path.join('/'), options: parsed(azureOptions, given) }
}

/** The text that objectLocation read, its options in the order of their names. */
export function formatObjectLocation(location: ObjectLocation): string {
  const { kind, path, options } = location
  const names = kind === 's3' ? [location.bucket, path] : [location.account, location.container, path]
  const query = Object.entries(options as Record<string, string>)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%3A', ':').replaceAll('%2F', '/')}`)
  return `${kind}://${names.filter((name) => name !== '').join('/')}${query.length === 0 ? '' : `?${query.join('&')}`}`
}

function parsed<T>(schema: z.ZodType<T>, given: readonly (readonly [string, string])[]): T {
  const found = schema.safeParse(Object.fromEntries(given))
  if (found.success) return found.data
  const [issue] = found.error.issues
  throw new Error(
    issue?.code === 'unrecognized_keys' ? `"${issue.keys.join(', ')}" is no option of it` : issue?.message,
  )
}
