import t from 'tap'
import { lostNodeText } from '../../../../../job/databases/cassandra/backup/preflight.ts'

// Which case the loss of one node is: a quorum of all data centres is left where a row is on three nodes or more.

const node = (dataCenter: string) => ({
  hostId: 'h',
  address: 'a',
  dataCenter,
  rack: 'r',
  release: '5.0',
  tokens: [],
  schemaVersion: 's',
})
const three = ['dc1', 'dc1', 'dc1']

const cases: [what: string, replication: Record<string, string>, nodes: string[], isLeft: boolean][] = [
  ['three copies', { class: 'SimpleStrategy', replication_factor: '3' }, three, true],
  ['two copies', { class: 'SimpleStrategy', replication_factor: '2' }, three, false],
  ['three copies on two nodes', { class: 'SimpleStrategy', replication_factor: '3' }, three.slice(1), false],
  ['three of one data centre', { class: 'NetworkTopologyStrategy', dc1: '3' }, three, true],
  ['two and one', { class: 'NetworkTopologyStrategy', dc1: '2', dc2: '1' }, ['dc1', 'dc1', 'dc2'], true],
  ['one and one', { class: 'NetworkTopologyStrategy', dc1: '1', dc2: '1' }, ['dc1', 'dc1', 'dc2'], false],
  ['a data centre that is gone', { class: 'NetworkTopologyStrategy', dc1: '2', dc2: '2' }, three, false],
  ['transient copies', { class: 'NetworkTopologyStrategy', dc1: '3/1' }, three, true],
  ['no copies told', { class: 'LocalStrategy' }, three, false],
]

for (const [what, replication, nodes, isLeft] of cases)
  t.test(what, async (t) => {
    const text = lostNodeText({ keyspaces: [{ name: 'scalar', replication }], members: nodes.map(node) })
    t.match(text, isLeft ? /needs no pause and no restore of all/ : /leaves no quorum of scalar/)
  })
