import t from 'tap'
import { distinctTitles } from '../../../../job/operations/backup/distinct-titles.ts'

t.test('databases of one title are told apart by their storages', async (t) => {
  const entry = (title: string, ...storages: string[]) => ({
    title,
    storages,
    kind: 'dynamodb',
    tables: [],
    details: {},
  })
  const titles = distinctTitles([
    entry('dynamodb://eu-west-1', 'ledger/default'),
    entry('dynamodb://eu-west-1', 'auditor/default', 'auditor/more'),
    entry('dynamodb://us-east-1', 'other'),
  ]).map(({ title }) => title)
  t.strictSame(titles, [
    'dynamodb://eu-west-1 (ledger/default)',
    'dynamodb://eu-west-1 (auditor/default, auditor/more)',
    'dynamodb://us-east-1',
  ])
})
