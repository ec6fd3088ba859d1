import t from 'tap'
import { kubernetesSecrets } from '../../../../../job/kubernetes/secrets/kubernetes-secrets.ts'
import { failureOf } from '../../failure-of.ts'
import { storedSecrets } from './stored-secrets.ts'

const both = new Set(['get', 'patch'])

t.test('one key is changed, and everything else stays', async (t) => {
  const stored = storedSecrets()
  stored.granted.set('mine', both)
  stored.put('mine', { KEY: 'former', OTHER: 'other' }, { metadata: { labels: { a: 'b' } } })
  const secrets = kubernetesSecrets(stored.api, 'ns')
  await secrets.change('mine', 'KEY', (text) => `${text}, new`)
  t.strictSame(stored.data('mine'), { KEY: 'former, new', OTHER: 'other' })
  t.match(await secrets.read('mine'), { labels: { a: 'b' }, data: { KEY: 'former, new' } })
  await secrets.change('mine', 'NEW', () => 'x')
  await secrets.change('mine', 'KEY', () => undefined)
  t.strictSame(stored.data('mine'), { OTHER: 'other', NEW: 'x' })
  stored.asked.length = 0
  await secrets.change('mine', 'NEW', (text) => text)
  t.strictSame(stored.asked, ['get mine'], 'what is so already is not written')
})

t.test('what somebody else changes meanwhile stays', async (t) => {
  const stored = storedSecrets()
  stored.granted.set('mine', both)
  stored.put('mine', { text: 'a=1\n' })
  stored.meanwhile = () => {
    stored.meanwhile = undefined
    stored.put('mine', { text: 'a=2\n' })
  }
  await kubernetesSecrets(stored.api, 'ns').change('mine', 'text', (text) => `${text}b=1\n`)
  t.strictSame(stored.data('mine'), { text: 'a=2\nb=1\n' })
})

t.test('a key whose bytes are no text is left as it is', async (t) => {
  const stored = storedSecrets()
  stored.granted.set('mine', both)
  stored.put('mine', { latin: Buffer.from('a=\xfc\n', 'latin1') })
  const refused = failureOf(kubernetesSecrets(stored.api, 'ns').change('mine', 'latin', (text) => `${text}b=1\n`))
  t.match(await refused, { why: 'its key latin holds no text in UTF-8' })
  t.strictSame(stored.asked, ['get mine'])
})

t.test('a right that is missing is told with what grants it, and a trial changes nothing', async (t) => {
  const stored = storedSecrets()
  stored.put('mine', { KEY: 'value-of-the-key' })
  const secrets = kubernetesSecrets(stored.api, 'ns')
  const next = /kubectl scalardl install -n ns --repoint-secret mine$/
  t.match(await failureOf(secrets.read('mine')), { what: /may not get the secret mine/, next })
  t.match(await failureOf(secrets.tryChange('mine')), { what: /may not patch the secret mine/, next })
  stored.granted.set('mine', new Set(['get']))
  const refused = await failureOf(secrets.change('mine', 'KEY', () => 'another'))
  t.match(refused, { what: /may not patch the secret mine/, next })
  t.notMatch(JSON.stringify(refused.text), /value-of-the-key|another/)
  stored.granted.set('mine', both)
  await secrets.tryChange('mine')
  t.strictSame(stored.data('mine'), { KEY: 'value-of-the-key' })
  stored.granted.set('absent', both)
  t.equal(await secrets.read('absent'), undefined)
  t.match(await failureOf(secrets.change('absent', 'KEY', () => 'x')), { why: /not there/ })
  t.match(await failureOf(secrets.tryChange('absent')), { why: /not there/ })
})
