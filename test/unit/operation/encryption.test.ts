import t from 'tap'
import { parseEncryption } from '../../../operation/encryption/encryption.ts'
import { refused } from '../plugin/refused.ts'

const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'

t.test('recipients and Secrets are told apart, each once', (t) => {
  t.strictSame(parseEncryption([recipient, '@keys', recipient, '@more.keys']), {
    recipients: [recipient],
    secrets: ['keys', 'more.keys'],
  })
  t.end()
})

t.test('what nobody can be encrypted for is refused, and a secret key is not repeated', (t) => {
  for (const wrong of ['@', '@No', 'age1', 'age1UPPER', 'ssh-ed25519 AAAA', 'keys', 'age1tag1qxyz', ''])
    t.match(
      refused(() => parseEncryption([wrong])),
      { what: /nothing can be encrypted for/, exitCode: 2 },
      wrong,
    )
  const secret = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX'
  const failure = refused(() => parseEncryption([secret]))
  t.match(failure, { why: /secret key/, next: /age-keygen -y/, exitCode: 2 })
  t.notMatch(JSON.stringify(failure.text), secret)
  t.end()
})
