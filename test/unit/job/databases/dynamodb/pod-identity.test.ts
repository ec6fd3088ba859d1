import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { dynamodb } from '../../../../../job/databases/dynamodb/dynamodb.ts'
import { readDetails } from '../../../../../job/databases/dynamodb/details.ts'
import { startAws } from '../../../../stand-ins/aws/aws.ts'
import { podIdentityPathName } from '../../../../stand-ins/aws/service/sts.ts'
import { failureOf } from '../../failure-of.ts'
import { noErrors } from '../database-conformance.ts'
import { accessKey, contextOf, createInstallation, secretKey } from './installation.ts'

const account = '123456789012'
const role = `arn:aws:iam::${account}:role/backup`
const aws = await startAws({
  settings: {
    restorableLagMs: 1_500,
    phases: { createTable: 5, updateTable: 5 },
    limits: { ratePerSecond: {} },
    keys: { [accessKey]: { account, secret: secretKey } },
  },
})
const { settings, close } = await createInstallation(aws, 'p-')
t.teardown(async () => {
  close()
  await aws.stop()
})
t.setTimeout(120_000)

/** The SDK asks anew for what is good for less than five minutes, so this is asked for again after a second. */
const sessionMs = 301_000

/** Lets tokens be good for the role from now on, and no others any more. */
const accept = (...tokens: string[]) => {
  const known = aws.settings.roles[role]?.tokens ?? {}
  const over = Object.fromEntries(Object.keys(known).map((token) => [token, 1]))
  aws.set({
    roles: { [role]: { sessionMs, tokens: { ...over, ...Object.fromEntries(tokens.map((one) => [one, null])) } } },
  })
}

const ways = {
  'a role by IRSA': (file: string) => ({ AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role }),
  'EKS Pod Identity': (file: string) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.endpoint}${podIdentityPathName}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
  }),
}

/** The environment of a pod, and the file into which its kubelet projects the token. */
async function pod(t: Test, way: keyof typeof ways, token: string): Promise<{ project(token: string): Promise<void> }> {
  const file = join(t.testdir({}), 'token')
  const environment = ways[way](file)
  Object.assign(process.env, environment)
  t.teardown(() => {
    for (const name of Object.keys(environment)) delete process.env[name]
  })
  const project = (text: string) => writeFile(file, text)
  await project(token)
  return { project }
}

/** The tokens that were exchanged, in order, each once. */
function exchanged(): string[] {
  const tokens = aws
    .calls()
    .filter(({ operation, error }) => /^(AssumeRole|GetPodCredentials)/.test(operation) && error === undefined)
    .map(({ input }) => String(input?.['WebIdentityToken'] ?? input?.['Authorization']))
  return [...new Set(tokens)]
}

for (const way of Object.keys(ways) as (keyof typeof ways)[]) {
  await t.test(`${way}: a backup outlasts its credentials and the rotation of its token`, async (t) => {
    const [first, second] = [`first of ${way}`, `second of ${way}`]
    accept(first)
    const { project } = await pod(t, way, first)
    aws.forgetCalls()
    const context = contextOf('backup-a')
    const [place] = await dynamodb.locate(settings, context.signal)
    const source = dynamodb.openBackup(place?.settings ?? [], context)
    noErrors(t, await source.preflight())
    await source.prepare()
    await source.snapshot({
      allPausedAt: new Date().toISOString(),
      endsAtMs: Date.now() + 30_000,
      signal: context.signal,
    })
    await project(second)
    accept(second)
    // and the credentials in use are refused before their end
    aws.set({ faults: [{ operation: 'DescribeContinuousBackups', times: 2, effect: 'expired' }] })
    const entry = await source.complete('')
    await source.close()
    t.equal(readDetails(entry).account, account)
    t.strictSame(exchanged(), [first, second])
    const keys = new Set(aws.calls().map((call) => call.accessKey))
    t.ok([...keys].filter((key) => key.startsWith('ASIA')).length >= 2, 'several were given, one after another')
    const secrets = [first, second, secretKey, ...keys].filter((one) => one.startsWith('ASIA') || one.includes(' of '))
    t.strictSame(
      secrets.filter((secret) => JSON.stringify([entry, context.said]).includes(secret)),
      [],
      'neither tokens nor keys are recorded or told',
    )
  })

  await t.test(`${way}: a token that is over, or of another role, is told`, async (t) => {
    accept('another')
    await pod(t, way, `first of ${way}`)
    t.match(await failureOf(dynamodb.locate(settings, new AbortController().signal)), {
      what: /storage "ledger\/default"/,
      why: way === 'a role by IRSA' ? /\(IRSA\) have expired/ : /\(EKS Pod Identity\) gives no credentials/,
    })
  })
}
