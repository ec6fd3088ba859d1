import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { cosmosBank } from '../../../stand-ins/ledger/cosmos/bank.ts'
import { procedureBody, procedureName } from '../../../stand-ins/ledger/cosmos/mutate.ts'
import { tablesOf } from '../../../stand-ins/ledger/data/tables.ts'
import { newTransfer } from '../../../stand-ins/ledger/data/transfer.ts'
import type { Verdict } from '../../../stand-ins/ledger/data/verdict.ts'
import { cosmos } from '../../../stand-ins/ledger/release/release-properties.ts'
import { createAccount, dataClient, failure, group, openAzure } from '../azure/clients.ts'
import { runProgram } from './running.ts'

const opened = await openAzure(t)
const { client } = opened
const strong = { consistencyPolicy: { defaultConsistencyLevel: 'Strong' } }
const pace = { gapMs: 0, hurry: new AbortController().signal }

async function bankIn(account: string) {
  const { documentEndpoint = '' } = await client.databaseAccounts.get(group, account)
  const { primaryMasterKey: key = '' } = await client.databaseAccounts.listKeys(group, account)
  const connection = {
    account: documentEndpoint,
    key,
    metadataDatabase: 'scalardb',
    consistency: 'Strong',
  } as const
  const bank = cosmosBank({
    connection,
    tables: tablesOf('ledger'),
    assets: { namespace: 'scalar', name: 'asset' },
    fillBytes: 0,
  })
  t.teardown(() => bank.close())
  return bank
}

t.test("the bank in Cosmos DB: ScalarDB's layout, transfers, the verdict, damage", async (t) => {
  await createAccount(opened, 'bank', strong)
  const bank = await bankIn('bank')
  // As several pods do at once.
  await Promise.all([bank.prepare(), (await bankIn('bank')).prepare()])
  const streams = ['a', 'b', 'c']
  await Promise.all(
    streams.map(async (stream) => {
      for (let number = 1; number <= 4; number += 1) await bank.make(newTransfer(stream, number), pace)
    }),
  )
  const verdict = await bank.check()
  t.strictSame(verdict.problems, [])
  t.strictSame(verdict.details.streams, { a: 4, b: 4, c: 4 })
  const last = await bank.last('b')
  t.equal(last?.number, 4)
  if (last === undefined) throw new Error('there is a last transfer')
  await bank.make(last, pace)
  t.strictSame(await bank.check(), verdict, 'made again, it changes nothing')
  t.equal(await bank.last('nobody'), undefined)

  const data = await dataClient(t, opened, 'bank')
  const transfers = data.database('checking').container('transfer')
  t.match((await transfers.item('a:1', 'a').read()).resource, {
    id: 'a:1',
    concatenatedPartitionKey: 'a',
    partitionKey: { stream: 'a' },
    clusteringKey: { number: 1 },
    values: { tx_state: 3, tx_version: 1 },
  })
  t.equal((await transfers.scripts.storedProcedure(procedureName).read()).resource?.body, procedureBody)
  const metadata = data.database('scalardb').container('metadata')
  t.match((await metadata.item('checking.transfer', 'checking.transfer').read()).resource, {
    partitionKeyNames: ['stream'],
    clusteringKeyNames: ['number'],
    clusteringOrders: { number: 'ASC' },
    columns: { amount: 'bigint', before_tx_id: 'text' },
  })
  const names = (await data.database('scalardb').container('namespaces').items.readAll().fetchAll()).resources
  t.strictSame(names.map(({ id }) => id).toSorted(), ['checking', 'coordinator', 'savings', 'scalar', 'scalardb'])

  await transfers.scripts.storedProcedure(procedureName).delete()
  const refused = new AbortController()
  refused.abort()
  const another = bank.make(newTransfer('a', 5), { gapMs: 0, hurry: refused.signal })
  t.equal(await failure(another), '404', 'without its procedure a container takes no writes')
  t.strictSame((await bank.check()).problems, [])
  await bank.prepare()
  t.equal((await transfers.scripts.storedProcedures.readAll().fetchAll()).resources.length, 0, 'and nothing heals that')

  await bank.damage()
  t.equal((await bank.check()).holds, false)
})

t.test('where the account is less consistent than the bank asks for, it does not read', async (t) => {
  await createAccount(opened, 'weak')
  t.equal(await failure((await bankIn('weak')).prepare()), '400')
})

t.test('the program finds Cosmos DB by the properties of its release', async (t) => {
  await createAccount(opened, 'release', strong)
  const { documentEndpoint = '' } = await client.databaseAccounts.get(group, 'release')
  const { primaryMasterKey = '' } = await client.databaseAccounts.listKeys(group, 'release')
  const folder = await mkdtemp(join(tmpdir(), 'ca-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'ca.crt'), opened.azure.ca)
  const standIn = await runProgram(t, cosmos(documentEndpoint, { username: 'USER', password: 'KEY' }).split('\n'), {
    KEY: primaryMasterKey,
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.crt'),
    STAND_IN_GAP_MS: '2',
  })
  const state = async () =>
    (await (await fetch(`http://127.0.0.1:${standIn.control}/state`)).json()) as { done: number }
  while ((await state()).done < 5) await sleep(20)
  await standIn.terminate()
  const verdict = (await standIn.command('check')) as Verdict
  t.strictSame(verdict.problems, [])
  t.ok(verdict.details.transfersChecking >= 5)
})
