import t from 'tap'
import { fewNames } from '../../../../../../job/databases/dynamodb/tables/few-names.ts'

t.test('many tables are named by the first five and how many more there are', async (t) => {
  t.equal(fewNames(['one']), 'one')
  t.equal(fewNames(['a', 'b', 'c', 'd', 'e']), 'a, b, c, d, e')
  t.equal(fewNames(['a', 'b', 'c', 'd', 'e', 'f', 'g']), 'a, b, c, d, e and 2 more')
})
