import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { locateDatabases, recogniser } from '../../../../../job/databases/open.ts'
import { databaseKinds } from '../../../../../job/databases/registry.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import { knownKinds } from '../../../../../operation/databases/registry.ts'
import { ofKinds } from '../../../../../plugin/flags/kind-flags.ts'
import { databaseConformance } from '../database-conformance.ts'
import { inService, lock, readBook, writeBook } from './files.ts'
import { toy as known } from './known-toy.ts'
import { toy } from './toy.ts'

const settingsFor = (folder: string): StorageSettings => ({
  storage: 'default',
  kind: 'jdbc',
  contactPoints: `jdbc:toy:${folder}`,
  contactPort: undefined,
  username: undefined,
  password: undefined,
  releaseUsername: undefined,
  namespaces: undefined,
  property: () => undefined,
})

const identity = await generateX25519Identity()
const encrypted = { recipients: [await identityToRecipient(identity)], identities: [identity] }

for (const [how, context] of Object.entries({ '': {}, ', also where it is encrypted': encrypted }))
  await t.test(`a toy is a database${how}`, (t) =>
    databaseConformance(t, toy, async (t) => {
      const data = await mkdtemp(join(tmpdir(), 'toy-'))
      t.teardown(() => rm(data, { recursive: true }))
      const rows = Array.from({ length: 60 }, (_, number) => `row ${number}`)
      await writeBook(data, inService, { rows })
      return {
        settings: [settingsFor(data)],
        context,
        async write() {
          const book = await readBook(data, inService)
          await writeBook(data, inService, { ...book, rows: [...(book?.rows ?? []), `row of ${performance.now()}`] })
        },
        content: async () => (await readBook(data, inService))?.rows,
        beside: async () => (await readdir(data)).filter((name) => name !== inService && name !== lock),
        async obstruct() {
          await writeFile(join(data, lock), 'somebody')
          return () => rm(join(data, lock))
        },
      }
    }),
  )

t.test('a kind of one line in each registry is found, and its flags are offered', async (t) => {
  const kindOf = recogniser({ managed: 'toyshop' }, [toy, ...databaseKinds])
  const groups = await locateDatabases(
    [settingsFor('/a'), { ...settingsFor('/a'), storage: 'other' }, settingsFor('/b')],
    kindOf,
    new AbortController().signal,
  )
  t.strictSame(
    groups.map(({ kind, settings }) => [kind.name, settings.length]),
    [
      ['toy', 2],
      ['toy', 1],
    ],
  )
  t.equal(
    recogniser({}, [toy, ...databaseKinds])(settingsFor('/a')).name,
    'other-database',
    'its flags are part of what it is',
  )
  const kinds = [...knownKinds, known]
  t.match(
    ofKinds(({ restore }) => restore?.region, kinds),
    { describe: /DynamoDB: .*; Toy: shelf/, hidden: false },
  )
  t.strictSame(
    ofKinds(({ backup }) => backup?.table, [known]),
    { describe: '', hidden: true },
  )
})
