import dns from 'node:dns'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openStorage } from '../../../../job/storage/open.ts'
import { readText } from '../../../../job/storage/text.ts'
import { parseLocation } from '../../../../operation/location.ts'
import { mounts } from '../../../../operation/request.ts'
import { failureOf } from '../failure-of.ts'

// What a location and its Secrets say, as it goes into the calls of S3's API.

/** As "AssumeRoleWithWebIdentity" of the AWS Security Token Service API Reference has it. */
const assumed = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials>
    <AccessKeyId>key-of-the-role</AccessKeyId><SecretAccessKey>its-secret</SecretAccessKey>
    <SessionToken>token-of-the-role</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
  </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`

/** A server that takes whatever it is asked, and every host for this one. */
async function listener(t: Test) {
  const heard: { url: string; headers: IncomingHttpHeaders }[] = []
  const server = createServer(({ method, url = '', headers }, response) => {
    heard.push({ url, headers })
    response.end(method === 'POST' ? assumed : 'content')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const here = { address: '127.0.0.1', family: 4 }
  const value = (_: string, options: dns.LookupOptions, done: (...found: unknown[]) => void) =>
    options.all === true ? done(null, [here]) : done(null, here.address, here.family)
  t.intercept(dns, 'lookup', { value })
  return { heard, port: (server.address() as AddressInfo).port }
}

const storageSecrets = t.testdir()
Object.assign(mounts, { storageSecrets })
function secret(name: string, keys: Record<string, string>): void {
  mkdirSync(join(storageSecrets, name))
  for (const [key, value] of Object.entries(keys)) writeFileSync(join(storageSecrets, name, key), `${value}\n`)
}
const keys = { AWS_ACCESS_KEY_ID: 'the-key', AWS_SECRET_ACCESS_KEY: 'its-secret' }
secret('lasting', keys)
secret('session', { ...keys, AWS_SESSION_TOKEN: 'token/of+the=session' })

t.test('a session token goes with its key, and with no other', async (t) => {
  const { heard, port } = await listener(t)
  for (const name of ['session', 'lasting']) {
    const storage = openStorage(parseLocation(`s3://dumps/a?endpoint=http://store:${port}&secret=${name}`))
    t.equal(await readText(storage, 'file'), 'content')
  }
  t.strictSame(
    heard.map(({ headers }) => headers['x-amz-security-token']),
    ['token/of+the=session', undefined],
  )
  t.ok(heard.every(({ headers }) => headers.authorization?.includes('Credential=the-key/') === true))
})

t.test('endpoint, region and style of addresses are those of the location', async (t) => {
  const { heard, port } = await listener(t)
  const cases: [query: string, host: string, url: string, region: string][] = [
    ['', `store:${port}`, '/dumps/a/file', 'us-east-1'],
    ['&path-style=true', `store:${port}`, '/dumps/a/file', 'us-east-1'],
    ['&path-style=false', `dumps.store:${port}`, '/a/file', 'us-east-1'],
    ['&region=eu-west-3', `store:${port}`, '/dumps/a/file', 'eu-west-3'],
  ]
  for (const [query, host, url, region] of cases) {
    heard.length = 0
    const to = `s3://dumps/a?endpoint=http://store:${port}&secret=lasting${query}`
    t.equal(await readText(openStorage(parseLocation(to)), 'file'), 'content', to)
    const [call] = heard
    t.equal(call?.headers.host, host, to)
    t.equal(call?.url.split('?')[0], url, to)
    t.match(call?.headers.authorization, new RegExp(`Credential=the-key/\\d{8}/${region}/s3/`), to)
  }
})

t.test('without a Secret the role of the ServiceAccount is taken on, as IRSA gives it', async (t) => {
  const { heard, port } = await listener(t)
  const identity = {
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/worker',
    AWS_WEB_IDENTITY_TOKEN_FILE: join(storageSecrets, 'web-identity-token'),
    AWS_ENDPOINT_URL_STS: `http://sts:${port}`,
    AWS_REGION: 'eu-west-1',
  }
  writeFileSync(identity.AWS_WEB_IDENTITY_TOKEN_FILE, 'token-of-the-account')
  Object.assign(process.env, identity)
  t.teardown(() => Object.keys(identity).forEach((name) => delete process.env[name]))
  const storage = openStorage(parseLocation(`s3://dumps/a?endpoint=http://store:${port}`))
  t.equal(await readText(storage, 'file'), 'content')
  const [asked, call] = heard
  t.equal(asked?.headers.host, `sts:${port}`)
  t.match(call?.headers.authorization, /Credential=key-of-the-role\//)
  t.equal(call?.headers['x-amz-security-token'], 'token-of-the-role')
})

t.test("a key of one's own is that of the Secret that the location names", async (t) => {
  const storage = openStorage(parseLocation('s3://dumps/a?region=eu-west-1&secret=lasting&customer-key-secret=own'))
  t.match(await failureOf(readText(storage, 'file')), { why: /its Secret has no key SSE_CUSTOMER_KEY/ })
  secret('own', { SSE_CUSTOMER_KEY: 'short' })
  t.match(await failureOf(readText(storage, 'file')), { why: /SSE_CUSTOMER_KEY has \d bytes in place of 32/ })
})
