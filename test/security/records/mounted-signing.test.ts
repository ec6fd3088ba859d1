import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mountedSigning } from '../../../job/context/signing.ts'
import { signingKey } from '../../../operation/names.ts'
import { failureOf } from '../../unit/job/failure-of.ts'

const { privateKey } = generateKeyPairSync('ed25519')

t.test('the key comes from its mount, whole or for verifying alone', async (t) => {
  const folder = mkdtempSync(join(t.testdir(), 'signing-'))
  t.equal(await mountedSigning(folder), undefined, 'an optional Secret that is not there')
  writeFileSync(join(folder, signingKey.trustedKeys), 'ours\ntheirs\n')
  t.strictSame(await mountedSigning(folder), { trusted: ['ours', 'theirs'] })
  writeFileSync(join(folder, signingKey.privateKey), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  t.equal((await mountedSigning(folder))?.privateKey?.equals(privateKey), true)
  rmSync(join(folder, signingKey.privateKey))
  mkdirSync(join(folder, signingKey.privateKey))
  await t.rejects(mountedSigning(folder), { code: 'EISDIR' }, 'one that cannot be read is not absent')
  rmdirSync(join(folder, signingKey.privateKey))
  writeFileSync(join(folder, signingKey.privateKey), 'SECRET-TEXT')
  const failure = await failureOf(mountedSigning(folder))
  t.match(failure, { what: /cannot be read/ })
  t.notMatch(JSON.stringify(failure.text), /SECRET-TEXT/)
})
