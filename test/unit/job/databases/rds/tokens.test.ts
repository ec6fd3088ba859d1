import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { rds } from '../../../../../job/databases/rds/rds.ts'
import { jsonLineEvents } from '../../../../../job/process/events.ts'
import { podIdentityPathName } from '../../../../stand-ins/aws/service/sts.ts'
import { until } from '../../../stand-ins/aws/clients.ts'
import { failureOf } from '../../failure-of.ts'
import { memoryJournal, noErrors } from '../database-conformance.ts'
import { backedUp, openWorld, toldOf } from './instance-world.ts'

// A pod's own identity, whose credentials and token end in the middle of a restore.

const role = 'arn:aws:iam::123456789012:role/restore'
const world = await openWorld(t, {
  keys: { AKIDEXAMPLE: { secret: 'secret' } },
  phases: { restoreInstance: 1_500 },
})
const { aws } = world
process.env['AWS_ENDPOINT_URL_STS'] = aws.stsEndpoint
const entry = await backedUp(world)
// What a pod without keys of its own has.
delete process.env['AWS_ACCESS_KEY_ID']
delete process.env['AWS_SECRET_ACCESS_KEY']

/** The SDK asks anew for what is good for less than five minutes, so this is asked for again after a second. */
const sessionMs = 301_000

/** Lets one token be good for the role from now on, and no other any more. */
const accept = (token: string) => {
  const known = aws.settings.roles[role]?.tokens ?? {}
  const over = Object.fromEntries(Object.keys(known).map((one) => [one, 1]))
  aws.set({ roles: { [role]: { sessionMs, tokens: { ...over, [token]: null } } } })
}

const ways = {
  'a role by IRSA': (file: string) => ({ AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role }),
  'EKS Pod Identity': (file: string) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.endpoint}${podIdentityPathName}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
  }),
}

/** The environment of a pod, and what its kubelet does with the file of the token. */
async function pod(t: Test, way: keyof typeof ways, token: string): Promise<(token: string) => Promise<void>> {
  const file = join(t.testdir({}), 'token')
  const environment = ways[way](file)
  Object.assign(process.env, environment)
  t.teardown(() => {
    for (const name of Object.keys(environment)) delete process.env[name]
  })
  const project = (text: string) => writeFile(file, text)
  await project(token)
  return project
}

/** The tokens that were exchanged, in order, each once. */
function exchanged(): string[] {
  const given = aws.calls().filter(({ operation, status }) => /^(AssumeRole|GetPodC)/.test(operation) && status === 200)
  return [...new Set(given.map(({ input }) => String(input?.['WebIdentityToken'] ?? input?.['Authorization'])))]
}

for (const [index, way] of (Object.keys(ways) as (keyof typeof ways)[]).entries()) {
  await t.test(`${way}: a restore outlasts its credentials and the rotation of its token`, async (t) => {
    const [first, second] = [`first of ${way}`, `second of ${way}`]
    accept(first)
    const project = await pod(t, way, first)
    aws.forgetCalls()
    const said: string[] = []
    const events = jsonLineEvents((line) => said.push(line))
    const context = { ...world.context(`restore-${index}`, { choice: { repoint: 'print' } }), events }
    const destination = rds.openRestore(world.settings, entry, context)
    noErrors(t, await destination.preflight())
    const journal = await memoryJournal()
    const asked = () =>
      aws.calls().filter(({ operation, status }) => operation.startsWith('RestoreDB') && status === 200)
    const loading = destination.load(journal)
    await until('the instance is asked for', async () => asked().length > 0)
    await project(second)
    accept(second)
    // and the credentials in use are refused before their end
    aws.set({ faults: [{ operation: 'DescribeDBInstances', times: 2, effect: 'expired' }] })
    await loading
    aws.set({ faults: [] })
    t.equal(asked().length, 1, 'one instance')
    t.strictSame(exchanged(), [first, second])
    const [made = ''] = (await world.instances()).filter((name) => name !== world.name)
    t.strictSame(await toldOf(world, made), await toldOf(world, world.name))
    await destination.discard(journal)
    await destination.close()
    t.strictSame(await world.instances(), ['ledger'])
    const keys = aws.calls().flatMap(({ accessKey }) => (accessKey.startsWith('ASIA') ? [accessKey] : []))
    const told = JSON.stringify([destination.describe(), said])
    t.strictSame(
      [first, second, ...new Set(keys)].filter((secret) => told.includes(secret)),
      [],
      'neither tokens nor keys are recorded or told',
    )
  })
}

await t.test('a token that is over is told', async (t) => {
  accept('another')
  await pod(t, 'a role by IRSA', 'first of a role by IRSA')
  t.match(await failureOf(rds.locate(world.settings, new AbortController().signal)), {
    what: /storage "ledger\/default"/,
    why: /credentials/,
    next: /ServiceAccount/,
  })
})
