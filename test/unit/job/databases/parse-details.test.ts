import t from 'tap'
import * as dynamodb from '../../../../job/databases/dynamodb/details.ts'
import * as postgresql from '../../../../job/databases/postgresql/details.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { failureOf } from '../failure-of.ts'

for (const [kind, { readDetails }] of Object.entries({ dynamodb, postgresql })) {
  t.test(
    `a backup of ${kind} whose record is of a newer version is refused, and told which version to use`,
    async (t) => {
      const entry: DatabaseBackup = {
        storages: ['ledger/default'],
        kind,
        title: `${kind}://db`,
        tables: [],
        details: { version: 2 },
      }
      t.match(await failureOf(() => readDetails(entry)), {
        what: `the backup of ${kind}://db cannot be used`,
        why: /its record does not tell enough: .*version/s,
        next: 'use the version of kubectl-scalardl that made the backup, or a newer one',
      })
    },
  )
}
