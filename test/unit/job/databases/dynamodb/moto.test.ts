import type { DynamoDB } from '@aws-sdk/client-dynamodb'
import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import type { ReleaseProperties } from '../../../../../job/databases/database.ts'
import type { TrialContext } from '../database-conformance.ts'
import { dynamodb } from '../../../../../job/databases/dynamodb/dynamodb.ts'
import { openJournal } from '../../../../../job/journal/persisted-journal.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { hasPython, startMoto } from '../../../../stand-ins/aws/moto.ts'
import { noErrors } from '../database-conformance.ts'
import { contextOf, createInstallation } from './installation.ts'

type Member = Record<string, unknown>

/**
 * moto, set right in five points: its window of recovery never moves on, it tells of a restored table the time of the
 * restore in place of the one that was asked for, it takes no table to restore by ARN, it gives tables no id, and what
 * it does not know is a fault of the server (moto 5.2.5, dynamodb/models and responses).
 */
async function mendedMoto(t: Test): Promise<string> {
  const moto = await startMoto()
  const asked = new Map<string, number>()
  const server = createServer((request, response) => {
    const forward = async (): Promise<void> => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      const operation = String(request.headers['x-amz-target']).split('.')[1]
      const input = JSON.parse(Buffer.concat(parts).toString() || '{}') as Record<string, unknown>
      if (operation === 'RestoreTableToPointInTime') {
        asked.set(String(input['TargetTableName']), Number(input['RestoreDateTime']))
        input['SourceTableName'] ??= String(input['SourceTableArn']).split('/')[1]
      }
      const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers
      const answer = await fetch(moto.endpoint, {
        method: 'POST',
        headers: headers as Record<string, string>,
        body: JSON.stringify(input),
      })
      const text = await answer.text()
      // What it does not know it answers with a page of its web framework.
      const known = text.startsWith('{')
      const body = (known ? JSON.parse(text) : { __type: 'UnknownOperationException', message: operation }) as Record<
        string,
        Member | undefined
      >
      const window = body['ContinuousBackupsDescription']?.['PointInTimeRecoveryDescription'] as Member | undefined
      if (window?.['LatestRestorableDateTime'] !== undefined) window['LatestRestorableDateTime'] = Date.now() / 1000
      for (const table of [body['Table'], body['TableDescription']]) {
        if (table !== undefined) table['TableId'] = `${table['TableName']} of ${table['CreationDateTime']}`
        const at = asked.get(String(table?.['TableName']))
        const summary = table?.['RestoreSummary'] as Member | undefined
        if (summary !== undefined && at !== undefined && summary['SourceBackupArn'] === undefined)
          summary['RestoreDateTime'] = at
      }
      response
        .writeHead(known ? answer.status : 400, {
          'content-type': answer.headers.get('content-type') ?? '',
          date: new Date().toUTCString(),
          'x-amzn-errortype': answer.headers.get('x-amzn-errortype') ?? '',
        })
        .end(JSON.stringify(body))
    }
    forward().catch(() => request.socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await moto.stop()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

/** Properties that are kept in memory. */
function propertiesOf(values: Map<string, string>): ReleaseProperties {
  return {
    obstacle: async () => undefined,
    byHand: async () => [],
    formerIn: async () => undefined,
    former: async () => undefined,
    keepFormer: async () => undefined,
    line: (_settings, property, value) => `scalar.db.${property}=${value}`,
    written: async (_settings, property) => values.get(property),
    async write(_settings, property, value) {
      if (value === undefined) values.delete(property)
      else values.set(property, value)
    },
  }
}

const memoryJournal = () => openJournal('restore', { read: async () => undefined, write: async () => undefined })

/** The items of the users' tables under a prefix, by the tables' names without it. */
async function contentOf(client: DynamoDB, prefix: string): Promise<Record<string, string[]>> {
  const { TableNames = [] } = await client.listTables({})
  const names = TableNames.filter((name) => name.startsWith(prefix) && !name.startsWith(`${prefix}scalardb.`))
  const found = await Promise.all(
    names.map(async (name): Promise<[string, string[]]> => {
      const { Items = [] } = await client.scan({ TableName: name, ConsistentRead: true })
      return [name.slice(prefix.length), Items.map((item) => JSON.stringify(Object.entries(item).sort())).sort()]
    }),
  )
  return Object.fromEntries(found.sort())
}

t.setTimeout(200_000)
t.test(
  'a backup and both restores against moto, which others made',
  { skip: (await hasPython()) ? false : 'this machine has no Python with venv' },
  async (t) => {
    const endpoint = await mendedMoto(t)
    const installation = await createInstallation(
      { endpoint, autoscalingEndpoint: endpoint, stsEndpoint: endpoint },
      'm-',
    )
    t.teardown(() => installation.close())
    const { client, settings } = installation
    await client.updateTable({ TableName: 'm-scalar.contract', DeletionProtectionEnabled: false })
    // moto cannot leave an index out of what it restores, and so none can be made anew under another name.
    const index = 'm-scalar.asset.global_index.owner'
    await client.updateTable({
      TableName: 'm-scalar.asset',
      GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: index } }],
    })
    for (const what of ['Read', 'Write'] as const)
      await installation.autoscaling.deregisterScalableTarget({
        ServiceNamespace: 'dynamodb',
        ResourceId: `table/m-scalar.asset/index/${index}`,
        ScalableDimension: `dynamodb:index:${what}CapacityUnits`,
      })
    const before = await contentOf(client, 'm-')
    t.equal(Object.keys(before).length, 3)

    const values = new Map([['dynamo.namespace.prefix', 'm-']])
    const context = (operation: string, more: Partial<TrialContext> = {}) =>
      contextOf(operation, { properties: propertiesOf(values), ...more })
    const [place] = await dynamodb.locate(settings, new AbortController().signal)
    t.equal(place?.settings.length, 1)
    const source = dynamodb.openBackup(settings, context('backup-a', { materialize: true }))
    noErrors(t, await source.preflight())
    await source.prepare()
    await source.snapshot({
      allPausedAt: new Date().toISOString(),
      endsAtMs: Date.now() + 30_000,
      signal: new AbortController().signal,
    })
    const entry = JSON.parse(JSON.stringify(await source.complete(''))) as DatabaseBackup
    await source.close()

    const beside = dynamodb.openRestore(settings, entry, context('restore-b', { choice: { prefix: 'new-' } }))
    const journal = await memoryJournal()
    noErrors(t, await beside.preflight())
    await beside.load(journal)
    await beside.activate(journal)
    t.equal(values.get('dynamo.namespace.prefix'), 'new-')
    t.strictSame(await contentOf(client, 'new-'), before)
    await beside.deactivate(journal)
    t.equal(values.get('dynamo.namespace.prefix'), 'm-')
    await beside.discard(journal)
    t.strictSame(await contentOf(client, 'new-'), {})
    await beside.close()

    const inPlace = dynamodb.openRestore(settings, entry, context('restore-p', { choice: { strategy: 'replace' } }))
    const second = await memoryJournal()
    noErrors(t, await inPlace.preflight())
    await inPlace.load(second)
    await installation.write()
    t.not(JSON.stringify(await contentOf(client, 'm-')), JSON.stringify(before))
    await inPlace.activate(second)
    t.strictSame(await contentOf(client, 'm-'), before, 'what was written since is gone')
    await inPlace.close()
  },
)
