import t from 'tap'
import type { RestoreChoice } from '../../../../../../operation/restore-options.ts'
import type { Aws } from '../../../../../stand-ins/aws/aws.ts'
import { awsForRestores } from './restore-aws.ts'
import {
  dropRequest,
  restoreRequest,
  restoreStage,
  restoreStages,
  undoRequest,
  type RestoreStage,
} from './restore-stage.ts'
import { allTables, worldOf } from './restored-world.ts'

const aws = await awsForRestores(t)

interface Case {
  choice?: RestoreChoice
  spoil?: (stage: RestoreStage, aws: Aws) => Promise<void> | void
  /** the credentials see another account, and not what there is */
  elsewhere?: boolean
  /** of the product; empty: not known */
  version?: string
  why: RegExp
  next: RegExp
}

const table = (stage: RestoreStage, name: string) => `${stage.installation.prefix}${name}`
const shifted = (stage: RestoreStage, ms: number) => new Date(Date.parse(stage.point) + ms).toISOString()

/** The properties of the release, with one of them changed. */
const setProperty = (stage: RestoreStage, from: RegExp, to: string) => {
  for (const [key, text] of stage.cluster.texts) stage.cluster.texts.set(key, text.replace(from, to))
}

const cases: Record<string, Case> = {
  'another region than the backup is of': {
    spoil(stage) {
      setProperty(stage, /contact_points=.*/, 'contact_points=us-east-1')
      setProperty(stage, /^scalar\.db\.dynamo\.endpoint_override=.*\n/m, '')
    },
    why: /the release uses region "us-east-1", the backup is of eu-west-1/,
    next: /--region us-east-1/,
  },
  'another account': {
    spoil: (_, { set }) => set({ keys: { AKIDOFTHERELEASE: { account: '999999999999' } } }),
    elsewhere: true,
    why: /another account than 123456789012/,
    next: /credentials of the account/,
  },
  'another account, which has tables of its own': {
    spoil: async (stage, { set }) => {
      set({ keys: { AKIDOFTHERELEASE: { account: '888888888888' } } })
      await stage.installation.client.createTable({
        TableName: 'of-others',
        AttributeDefinitions: [{ AttributeName: 'a', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'a', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      })
    },
    elsewhere: true,
    why: /account 888888888888, the backup is of 123456789012/,
    next: /credentials of the account/,
  },
  'a right that is missing': {
    spoil: (_, { set }) => set({ denied: [{ action: 'dynamodb:UpdateTimeToLive' }] }),
    why: /UpdateTimeToLive/,
    next: /allow dynamodb:UpdateTimeToLive/,
  },
  'the right to restore': {
    spoil: (_, { set }) => set({ denied: [{ action: 'dynamodb:RestoreTableToPointInTime' }] }),
    why: /RestoreTableToPointInTime/,
    next: /allow dynamodb:RestoreTableToPointInTime/,
  },
  'the rights on the key of an encrypted table': {
    spoil: (stage, { set }) => set({ denied: [{ action: 'kms:CreateGrant', table: table(stage, 'scalar.asset') }] }),
    why: /kms:CreateGrant on resource/,
    next: /allow kms:CreateGrant/,
  },
  'autoscaling that may not be set': {
    spoil: (_, { set }) => set({ denied: [{ action: 'application-autoscaling:RegisterScalableTarget' }] }),
    why: /RegisterScalableTarget/,
    next: /allow application-autoscaling/,
  },
  'point-in-time recovery that is off': {
    spoil: (stage) =>
      stage.installation.client
        .updateContinuousBackups({
          TableName: table(stage, 'scalar.contract'),
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
        })
        .then(() => undefined),
    why: /point-in-time recovery of .*contract is off/,
    next: /materialized/,
  },
  'a table that is gone': {
    spoil: async (stage) => {
      const name = table(stage, 'coordinator.state')
      await stage.installation.client.deleteTable({ TableName: name })
      while ((await allTables(stage.clients)).includes(name));
    },
    why: /coordinator\.state was deleted/,
    next: /materialized/,
  },
  'a moment that is to come': {
    choice: { at: 'later', unproven: true },
    why: /outside the window of .*, which is from .* to /,
    next: /a time within it/,
  },
  'a moment before anything was kept': {
    choice: { at: 'earlier', unproven: true },
    why: /outside the window/,
    next: /a time within it/,
  },
  'a moment that nobody accepted as unproven': {
    choice: { at: 'beside' },
    why: /not the moment of a recorded pause/,
    next: /get backups/,
  },
  'half a second': { choice: { at: 'half', unproven: true }, why: /not a whole second/, next: /without a fraction/ },
  'a table that has the name already': {
    choice: { prefix: 'taken-' },
    spoil: (stage) =>
      stage.installation.client
        .createTable({
          TableName: 'taken-scalar.asset',
          AttributeDefinitions: [{ AttributeName: 'a', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'a', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
        })
        .then(() => undefined),
    why: /taken-scalar\.asset is there already: a table of its own/,
    next: /another --prefix/,
  },
  'a prefix that no table may have': { choice: { prefix: 'Ü-' }, why: /no table's name may have/, next: /--prefix/ },
  'a prefix that is too long': { choice: { prefix: 'p'.repeat(240) }, why: /longer than 255/, next: /shorter/ },
  'a key of another region': {
    choice: { region: 'us-east-1' },
    why: /encrypted with a KMS key of eu-west-1/,
    next: /--kms-key/,
  },
  'deletion protection, where tables are replaced': {
    choice: { strategy: 'replace' },
    why: /deletion protection is on: .*contract/,
    next: /no-deletion-protection-enabled/,
  },
  'a release that uses other tables, where they are replaced': {
    choice: { strategy: 'replace' },
    spoil: (stage) => setProperty(stage, /namespace\.prefix=.*/, 'namespace.prefix=other-'),
    why: /the release uses the prefix "other-"/,
    next: /--strategy prefix/,
  },
  'another region, where tables are replaced': {
    choice: { strategy: 'replace', region: 'us-east-1' },
    why: /cannot be replaced in us-east-1/,
    next: /--strategy prefix/,
  },
  'a ScalarDB that ignores the prefix': {
    choice: { unknownVersion: true },
    version: '3.5.3',
    why: /ledger 3\.5\.3, whose ScalarDB is older than 3\.7 and ignores the namespace prefix/,
    next: /--strategy replace/,
  },
  'a ScalarDB of which nobody knows whether it reads the prefix': {
    version: '',
    why: /neither its image nor its labels tell.* is not known/,
    next: /--unknown-version/,
  },
  'properties in a Secret': {
    spoil: (stage) => void stage.cluster.texts.set('no ConfigMap', ''),
    why: /not in a ConfigMap/,
    next: /--repoint print/,
  },
}

const names = Object.keys(cases)
const stages = await restoreStages(
  t,
  aws,
  names.map((_, index) => `r${index}-`),
)

for (const [index, [name, { choice = {}, spoil, elsewhere = false, version, why, next }]] of Object.entries(
  cases,
).entries()) {
  await t.test(`refused before anything is touched: ${name}`, async (t) => {
    const stage = stages[index]
    if (stage === undefined) throw new Error('no stage')
    const { prefix } = stage.installation
    const unspoilt = await worldOf(stage.clients, prefix)
    await spoil?.(stage, aws)
    const before = elsewhere ? unspoilt : await worldOf(stage.clients, prefix)
    const times: Record<string, number> = { later: 3_600_000, earlier: -86_400_000, beside: 1000, half: 500 }
    const at = choice.at === undefined ? {} : { at: shifted(stage, times[choice.at] ?? 0) }
    const { code } = await stage.worker(restoreRequest(`r${index}`, { ...choice, ...at }), {
      properties: name === 'properties in a Secret' ? 'secret' : 'config map',
      ...(version === undefined ? {} : { version }),
    })
    aws.set({ denied: [], keys: undefined })
    t.equal(code, 1)
    t.match(stage.record(`restore-r${index}`)?.failure, { what: /nothing was touched/, why, next })
    t.equal(stage.replicas(), 3)
    t.strictSame(await worldOf(stage.clients, prefix), before)
    t.strictSame(
      (await allTables(stage.clients)).filter((table) => table.includes('restoring.') || /^\d{10}-r/.test(table)),
      [],
    )
  })
}

t.test(
  'a second restore of the same moment under the same prefix is refused, and told whose the tables are',
  async (t) => {
    const stage = await restoreStage(t, aws, 'twice-')
    t.equal((await stage.worker(restoreRequest('once', { prefix: 'same-' }))).code, 0)
    t.equal((await stage.worker(undoRequest('once'))).code, 0)
    t.equal((await stage.worker(restoreRequest('twice', { prefix: 'same-' }))).code, 1)
    t.match(stage.record('restore-twice')?.failure, {
      why: /restored from arn:aws:dynamodb:eu-west-1:123456789012:table\/twice-/,
      next: /an earlier restore of this very point/,
    })

    await t.test('the former tables are not removed while the release serves from them', async (t) => {
      t.equal((await stage.worker(restoreRequest('served', { prefix: 'served-' }))).code, 0)
      setProperty(stage, /namespace\.prefix=.*/, 'namespace.prefix=twice-')
      t.equal((await stage.worker(dropRequest('served'))).code, 1)
      t.match(stage.record('drop-served')?.failure, { why: /do not all use the prefix "served-"/ })
    })

    await t.test('tables that were only made ready are removed again, not those of others', async (t) => {
      t.equal((await stage.worker(restoreRequest('ready', { prefix: 'ready-', repoint: 'print' }))).code, 0)
      t.ok((await allTables(stage.clients)).includes('ready-scalar.asset'))
      t.equal((await stage.worker(undoRequest('ready'))).code, 0, JSON.stringify(stage.record('undo-ready')?.failure))
      t.strictSame(
        (await allTables(stage.clients)).filter((name) => name.startsWith('ready-')),
        [],
      )
      t.match(stage.record('restore-ready')?.restore, { databases: [{ state: 'discarded' }] })
    })
  },
)

t.test('a restore that fails half-way leaves nothing of what it made, and the release serves', async (t) => {
  const stage = await restoreStage(t, aws, 'half-')
  aws.set({
    faults: [
      {
        operation: 'RestoreTableToPointInTime',
        table: 'broken-coordinator.state',
        effect: 'error',
        error: { code: 'ValidationException', message: 'no such thing' },
      },
    ],
  })
  const { code } = await stage.worker(restoreRequest('half', { prefix: 'broken-' }))
  aws.set({ faults: [] })
  t.equal(code, 1)
  t.match(stage.record('restore-half'), {
    failure: { next: /serves again; nothing was changed/ },
    restore: { serving: 'previous' },
  })
  t.strictSame(
    (await allTables(stage.clients)).filter((name) => name.startsWith('broken-')),
    [],
  )
  t.equal(stage.replicas(), 3)
})

t.test('an account without room for more tables is told, not waited for without end; the release serves', async (t) => {
  const stage = await restoreStage(t, aws, 'full-')
  const present = (await allTables(stage.clients)).length
  for (const strategy of ['prefix', 'replace'] as const) {
    if (strategy === 'replace')
      await stage.installation.client.updateTable({
        TableName: 'full-scalar.contract',
        DeletionProtectionEnabled: false,
      })
    aws.set({ limits: { tables: present } })
    const { code } = await stage.worker(restoreRequest(`full-${strategy}`, { strategy }))
    aws.set({ limits: { tables: 2500 } })
    t.equal(code, 1)
    const record = stage.record(`restore-full-${strategy}`)
    t.match(
      record?.findings?.find(({ check }) => check === 'room for tables'),
      { outcome: 'ok', message: `${present} tables are there, and ${strategy === 'prefix' ? 5 : 3} more are needed` },
    )
    t.match(record?.failure, {
      why: /no room for another table: .*limit of \d+ tables/,
      next: /serves again; nothing was changed/,
    })
    t.equal(stage.replicas(), 3)
    t.equal((await allTables(stage.clients)).length, present)
  }
})

t.test('rights that are needed only once the originals are gone are asked for before', async (t) => {
  const stage = await restoreStage(t, aws, 'rights-')
  await stage.installation.client.updateTable({ TableName: 'rights-scalar.contract', DeletionProtectionEnabled: false })
  const rights = async (name: string, denied: { action: string; table?: string }, choice: RestoreChoice) => {
    aws.set({ denied: [denied], limits: { tables: 1 } })
    const { code } = await stage.worker(restoreRequest(name, choice))
    aws.set({ denied: [], limits: { tables: 2500 } })
    t.equal(code, 1, name)
    return {
      found: stage.record(`restore-${name}`)?.findings?.find(({ check }) => check === 'rights at AWS'),
      touched: !/nothing was touched/.test(stage.record(`restore-${name}`)?.failure?.what ?? ''),
    }
  }
  const replace = { strategy: 'replace' } as const
  t.match(await rights('describe', { action: 'dynamodb:DescribeBackup' }, replace), {
    found: { outcome: 'error', cure: /allow dynamodb:DescribeBackup/ },
    touched: false,
  })
  t.match(await rights('onto', { action: 'dynamodb:RestoreTableFromBackup', table: 'rights-*' }, replace), {
    found: { outcome: 'error', cure: /allow dynamodb:RestoreTableFromBackup/ },
    touched: false,
  })
  t.match(await rights('original', { action: 'dynamodb:DeleteTable', table: 'rights-*' }, replace), {
    found: { outcome: 'warning', message: /unless the policy names each in full/, cure: /allow dynamodb:DeleteTable/ },
  })
})
