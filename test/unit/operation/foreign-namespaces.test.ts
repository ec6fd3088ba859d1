import t from 'tap'
import { foreignNamespaces } from '../../../operation/foreign-namespaces.ts'

t.test(
  'what lives beside the tables of the products that are named is told, with whose it is by its name',
  async (t) => {
    const system = ['scalardb', 'coordinator']
    const beside = (apps: string[], namespaces: string[]) =>
      foreignNamespaces([...system, ...namespaces, ''], { apps, system })
    t.strictSame(beside(['ledger'], ['scalar', 'scalar_second']), [])
    t.strictSame(beside(['ledger'], ['scalar', 'auditor', 'auditor', 'orders']), [
      { namespace: 'auditor', app: 'auditor' },
      { namespace: 'orders', app: undefined },
    ])
    t.strictSame(beside(['ledger', 'auditor'], ['scalar', 'auditor']), [])
    t.strictSame(beside(['scalardb-cluster'], ['orders', 'scalar']), [{ namespace: 'scalar', app: 'ledger' }])
    t.strictSame(beside(['auditor'], ['auditor', 'scalarium']), [{ namespace: 'scalarium', app: undefined }])
  },
)
