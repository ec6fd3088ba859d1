// Room: who calls, as Entra ID and Azure's webhook for pods tell it.
// Read entra, tokens, webhook.

import { matches } from '../../cloud/glob.ts'
import { claimsOf, isSigned } from '../../cloud/identity/service-account-token.ts'
import { AzureError } from '../service/errors.ts'
import type { AzureSettings } from '../settings.ts'
import { ownClaims, signToken } from './tokens.ts'

/** An error of Entra ID, whose body has a form of its own. */
export class EntraError extends Error {
  readonly status: number
  readonly error: string
  readonly code: number

  constructor(status: number, error: string, code: number, description: string) {
    super(`AADSTS${code}: ${description}`)
    this.status = status
    this.error = error
    this.code = code
  }

  get body(): object {
    return {
      error: this.error,
      error_description: `${this.message} Trace ID: ${crypto.randomUUID()} Timestamp: ${new Date().toISOString()}`,
      error_codes: [this.code],
      timestamp: new Date().toISOString(),
      trace_id: crypto.randomUUID(),
      correlation_id: crypto.randomUUID(),
    }
  }
}

const refused = (code: number, description: string) => new EntraError(401, 'invalid_client', code, description)

/** What a client asks before it asks for a token; undefined where it is nothing of that. */
export function discovery(path: string, base: string): object | undefined {
  const host = new URL(base).host
  if (path === '/common/discovery/instance')
    return {
      tenant_discovery_endpoint: `${base}/common/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
    }
  const [, tenant] = /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/.exec(path) ?? []
  if (tenant === undefined) return undefined
  return {
    token_endpoint: `${base}/${tenant}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${base}/${tenant}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${base}/${tenant}/v2.0`,
    authorization_endpoint: `${base}/${tenant}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/${tenant}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${base}/${tenant}/oauth2/v2.0/logout`,
    tenant_region_scope: 'EU',
    cloud_instance_name: host,
  }
}

/** The tenant of a path that tokens are asked for at; undefined where it is none. */
export const tokenTenant = (path: string): string | undefined => /^\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(path)?.[1]

/**
 * An access token for the projected token of a ServiceAccount.
 * @throws EntraError
 */
export function exchange(settings: AzureSettings, tenant: string, form: URLSearchParams): object {
  const [client, scope, assertion] = ['client_id', 'scope', 'client_assertion'].map((name) => form.get(name) ?? '')
  if (form.get('grant_type') !== 'client_credentials')
    throw new EntraError(400, 'unsupported_grant_type', 70003, 'The app requested an unsupported grant type.')
  if (form.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    throw refused(7000218, 'The request body must contain the following parameter: client_assertion.')
  const claims = claimsOf(assertion ?? '')
  if (claims === undefined) throw refused(50027, 'JWT token is invalid or malformed.')
  if ((claims.exp ?? 0) * 1000 < Date.now())
    throw refused(700024, 'Client assertion is not within its valid time range.')
  if (![claims.aud].flat().includes('api://AzureADTokenExchange'))
    throw refused(700212, 'No matching federated identity record found for presented assertion audience.')
  const known = settings.identities?.[client ?? '']
  if (settings.identities !== undefined && known?.tenant !== tenant)
    throw new EntraError(
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${client}' was not found in the directory '${tenant}'.`,
    )
  if (known !== undefined && !matches(known.issuer, claims.iss ?? ''))
    throw refused(700211, `No matching federated identity record found for presented assertion issuer '${claims.iss}'.`)
  if (known !== undefined && !matches(known.subject, claims.sub ?? ''))
    throw refused(
      700213,
      `No matching federated identity record found for presented assertion subject '${claims.sub}'.`,
    )
  if (known?.keys !== undefined && !isSigned(assertion ?? '', known.keys))
    throw refused(700027, 'Client assertion failed signature validation.')
  const seconds = Math.floor(settings.tokenLifetimeMs / 1000)
  const token = signToken({
    aud: (scope ?? '').replace(/\/?\.default$/, ''),
    iss: `https://sts.windows.net/${tenant}/`,
    iat: Math.floor(Date.now() / 1000),
    nbf: Math.floor(Date.now() / 1000),
    exp: (Date.now() + settings.tokenLifetimeMs) / 1000,
    appid: client ?? '',
    oid: client,
    tid: tenant,
  })
  return { token_type: 'Bearer', expires_in: seconds, ext_expires_in: seconds, access_token: token }
}

const management = /^https:\/\/management\./

/**
 * The client that a call to ARM is of.
 * @throws AzureError 401
 */
export function clientOf(authorization: string | undefined): string {
  const [, token] = /^Bearer (.+)$/.exec(authorization ?? '') ?? []
  const refuse = (code: string, message: string) =>
    new AzureError(401, code, message, {
      from: 'gateway',
      headers: { 'www-authenticate': 'Bearer authorization_uri="https://login.windows.net/", error="invalid_token"' },
    })
  if (token === undefined)
    throw refuse('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.")
  const claims = ownClaims(token)
  if (claims === undefined) throw refuse('InvalidAuthenticationToken', 'The access token is invalid.')
  if (!management.test(String(claims.aud)))
    throw refuse('InvalidAuthenticationTokenAudience', 'The access token has been obtained for the wrong audience.')
  if ((claims.exp ?? 0) * 1000 <= Date.now())
    throw refuse(
      'ExpiredAuthenticationToken',
      `The access token expiry UTC time '${new Date((claims.exp ?? 0) * 1000).toISOString()}' is earlier than ` +
        `current UTC time '${new Date().toISOString()}'.`,
    )
  return String(claims.appid)
}
