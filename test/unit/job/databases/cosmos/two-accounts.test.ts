import t from 'tap'
import { contents, createAccount, createContainer, dataClient } from '../../../stand-ins/azure/clients.ts'
import { backupRequest, doctorRequest, openRelease, restoreRequest, undoRequest } from './release-stage.ts'

// A release whose namespaces are in two accounts: one window, one record, one restore to two new accounts.

// They differ only behind what a restored account's name has room for.
const names = ['a-ledger-with-a-long-name-one', 'a-ledger-with-a-long-name-two'] as const

t.test('two accounts are backed up, restored and undone together', async (t) => {
  const stage = await openRelease(t)
  const several = 'scalar.db.multi_storage.'
  const lines = ['scalar.db.storage=multi-storage', `${several}storages=one,two`, `${several}default_storage=one`]
  for (const [index, name] of names.entries()) {
    const strong = { consistencyPolicy: { defaultConsistencyLevel: 'Strong' } }
    const { documentEndpoint = '' } = await createAccount(stage, name, strong)
    const container = await createContainer(await dataClient(t, stage, name), 'scalar', 'asset')
    await container.items.create({ id: 'of', concatenatedPartitionKey: 'of', value: name })
    const own = stage.pointingTo(documentEndpoint).trim().split('\n')
    const storage = `${several}storages.${['one', 'two'][index]}.`
    lines.push(...own.map((line) => line.replace(/^scalar\.db\./, storage)))
  }
  stage.setProperties(lines.join('\n'))
  t.equal((await stage.worker(doctorRequest('a'))).code, 0, JSON.stringify(stage.record('doctor-a')?.failure))
  t.equal((await stage.worker(backupRequest('a'))).code, 0, JSON.stringify(stage.record('backup-a')?.failure))
  t.match(stage.record('backup-a'), { windows: { length: 1 }, backup: { databases: { length: 2 } } })
  const before = await stage.accounts()

  t.equal((await stage.worker(restoreRequest('a', 'a'))).code, 0, JSON.stringify(stage.record('restore-a')?.failure))
  const { databases = [], wayBack = [] } = stage.record('restore-a')?.restore ?? {}
  const made = databases.map(({ details }) => String(details['account']).split('/').at(-1) ?? '')
  t.strictSame((await stage.accounts()).toSorted(), [...before, ...made].toSorted())
  for (const [index, name] of names.entries()) {
    const data = await dataClient(t, stage, made[index] ?? '')
    t.strictSame(await contents(data, 'scalar', 'asset'), [`of=${name}`])
    const line = `scalar.db.multi_storage.storages.${['one', 'two'][index]}.contact_points=`
    t.equal(wayBack.filter((one) => one.includes(line) && one.includes(`/accounts/${made[index]}/`)).length, 1)
  }

  t.equal((await stage.worker(undoRequest('a', 'a'))).code, 0, JSON.stringify(stage.record('undo-a')?.failure))
  t.strictSame(await stage.accounts(), before)
  t.match(before, { length: 3 }, 'beside them the one that no storage names')
})
