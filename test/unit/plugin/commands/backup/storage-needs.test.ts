import t from 'tap'
import { ExitCode } from '../../../../../operation/exit-code.ts'
import { refuseUnfit } from '../../../../../plugin/commands/backup/storage-needs.ts'
import { refused } from '../../refused.ts'

const flags = { to: undefined, table: undefined, materialize: false }
const of = (...storages: (string[] | undefined)[]) => storages.map((kinds) => ({ storages: kinds }))

t.test(
  '--to may be left away where every database keeps its backups itself, or where nobody can know from here',
  (t) => {
    refuseUnfit(flags, of(['dynamo']))
    refuseUnfit(flags, of(['multi-storage', 'dynamo'], ['dynamo']))
    refuseUnfit(flags, of(undefined))
    t.match(
      refused(() => refuseUnfit(flags, of(['dynamo'], ['multi-storage', 'jdbc']))),
      { exitCode: ExitCode.usage, why: /jdbc/, next: /--to pvc/ },
    )
    refuseUnfit({ ...flags, to: 'pvc://backups/ledger' }, of(['jdbc']))
    refuseUnfit({ ...flags, managed: 'rds' }, of(['jdbc'], ['multi-storage', 'dynamo', 'jdbc']))
    t.match(
      refused(() => refuseUnfit({ ...flags, managed: 'rds' }, of(['jdbc', 'other']))),
      { why: /keep data in other/ },
    )
    t.end()
  },
)

t.test('what is for DynamoDB alone is refused where there is none', (t) => {
  const to = 'pvc://backups/ledger'
  t.match(
    refused(() => refuseUnfit({ ...flags, to, materialize: true }, of(['jdbc']))),
    { what: /--materialize/, exitCode: ExitCode.usage },
  )
  t.match(
    refused(() => refuseUnfit({ ...flags, to, table: ['a.b'] }, of(['jdbc']))),
    { what: /--table/ },
  )
  refuseUnfit({ ...flags, to, materialize: true, table: ['a.b'] }, of(['multi-storage', 'jdbc', 'dynamo']))
  refuseUnfit({ ...flags, materialize: true }, of(undefined))
  t.end()
})
