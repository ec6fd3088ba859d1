import t from 'tap'
import { rds } from '../../../../operation/databases/aws-relational.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'

const entryOf = (resourceId: string, kind = 'rds'): DatabaseBackup => ({
  storages: ['ledger/default'],
  kind,
  title: 'rds://ledger.abc.eu-west-1.rds.amazonaws.com:5432',
  tables: [],
  details: { instance: 'ledger', region: 'eu-west-1', resourceId },
})

t.test('a restore of RDS refuses what it has no use for', (t) => {
  t.equal(rds.refuseChoice?.({ repoint: 'print', at: '2026-11-21T09:30:00Z' }), undefined)
  t.match(rds.refuseChoice?.({ at: '2026-11-21T09:30:00.500Z' }), { why: /whole seconds/ })
  t.equal(rds.refuseChoice?.({ repoint: 'patch' }), undefined)
  t.match(rds.refuseChoice?.({ strategy: 'replace', region: 'us-east-1' }), { what: /--strategy and --region/ })
  t.end()
})

t.test('the plan says which instance, and that nothing in service changes', (t) => {
  const lines = rds.planLines?.(entryOf('db-A'), undefined).join('\n') ?? ''
  t.match(lines, /ledger in eu-west-1/)
  t.match(lines, /nothing that is in service changes/)
  t.end()
})

t.test('points of an instance that a restore made end when the restore is undone', (t) => {
  const ends = (isBeside: boolean) => rds.endsWithUndo?.(entryOf('db-A'), { details: { resourceId: 'db-B' } }, isBeside)
  t.equal(ends(true)?.(entryOf('db-B')), true)
  t.equal(ends(true)?.(entryOf('db-A')), false, 'those of the former instance stay')
  t.equal(ends(true)?.(entryOf('db-B', 'cosmos')), false)
  t.equal(ends(false), undefined)
  t.end()
})
