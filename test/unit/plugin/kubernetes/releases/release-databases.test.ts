import t from 'tap'
import { databasesIn, endingOf, parsed } from '../../../../../plugin/kubernetes/releases/release-databases.ts'
import { chartPodSpec, chartProperties, chartRelease } from '../jobs/compose/chart-deployment.ts'

const [container = { name: 'none' }] = chartPodSpec().containers
const named = (text: string) => databasesIn(parsed(text, container))

t.test('the server is told with the variables that the template of the pods gives', async (t) => {
  t.strictSame(named(chartProperties), ['postgresql://db:5432/ledger'])
})

t.test('what only a Secret knows stays a placeholder, and no password is told', async (t) => {
  t.strictSame(
    named(`scalar.db.storage=jdbc
scalar.db.contact_points=jdbc:postgresql://me:geheim@\${env:HOST_OF_SECRET}:5432/a?user=me&password=geheim`),
    ['postgresql://${HOST_OF_SECRET}:5432/a'],
  )
})

t.test('each storage of several is told once', async (t) => {
  const storage = 'scalar.db.multi_storage.storages'
  t.strictSame(
    named(`${storage}.a.storage=jdbc
${storage}.a.contact_points=jdbc:postgresql://db/a
${storage}.c.contact_points=jdbc:postgresql://db/a
${storage}.b.storage=dynamo
${storage}.b.contact_points=eu-west-1
${storage}.b.dynamo.namespace.prefix=x-`),
    ['DynamoDB in eu-west-1, prefix "x-"', 'postgresql://db/a'],
  )
})

t.test('how long the pods take to end', async (t) => {
  const key = 'scalar.dl.ledger.server.decommissioning_duration_secs'
  const ending = (text: string, graceS?: number) =>
    endingOf(
      chartRelease({ ...chartPodSpec(), ...(graceS && { terminationGracePeriodSeconds: graceS }) }),
      parsed(text, container),
    )
  t.strictSame(ending(''), { seconds: 30, because: `${key}, its default` })
  t.strictSame(ending(`${key}=5`, 60), { seconds: 5, because: key })
  t.strictSame(ending(`${key}=90`, 60), { seconds: 60, because: 'terminationGracePeriodSeconds of its pods' })
  t.strictSame(endingOf(chartRelease(), undefined).seconds, 30)
})
