import t from 'tap'
import { readsPrefix } from '../../../../../../job/databases/dynamodb/scalardb/prefix-support.ts'

t.test('which products read the namespace prefix is known by their versions, or said to be unknown', async (t) => {
  const known: [app: string, version: string | undefined, reads: string][] = [
    ['ledger', '4.0.0-SNAPSHOT', 'yes'],
    ['ledger', '3.14.0', 'yes'],
    ['auditor', 'v3.8.0', 'yes'],
    ['ledger', '3.7.2', 'unknown'],
    ['auditor', '3.6.0', 'unknown'],
    ['ledger', '3.5.7', 'no'],
    ['ledger', '2.1.1', 'no'],
    ['scalardb-cluster', '3.9.0-ubi', 'yes'],
    ['scalardb-cluster', '3.7.0', 'yes'],
    ['scalardb-cluster', '3.6.9', 'no'],
    ['scalardb-cluster', 'latest', 'unknown'],
    ['ledger', undefined, 'unknown'],
    ['another', '4.0.0', 'unknown'],
  ]
  for (const [app, version, reads] of known) t.equal(readsPrefix(app, version), reads, `${app} ${version}`)
})
