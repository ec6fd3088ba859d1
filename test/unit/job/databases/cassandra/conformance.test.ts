import t, { type Test } from 'tap'
import { cassandra } from '../../../../../job/databases/cassandra/cassandra.ts'
import { scriptedRing } from '../../../../stand-ins/cassandra/scripted-ring.ts'
import { restoredByHand, type HandTrial } from '../restored-by-hand.ts'
import { doors, type Door } from './stage.ts'

// A scripted ring, whose nodes are asked in either way, with Medusa and without, is a database.

const minuteMs = 60_000

async function trialOf(t: Test, door: Door, own: Record<string, string>): Promise<HandTrial> {
  const ring = await scriptedRing(3)
  t.teardown(() => ring.close())
  if (door === 'the management API') ring.api = 'plain'
  ring.nodes.forEach(({ snapshots }) => snapshots.add('theirs scalar asset'))
  ring.transactions.set('old', Date.now() - 10 * minuteMs)
  let written = 0
  return {
    settings: [
      {
        storage: 'ledger/default',
        kind: 'cassandra',
        contactPoints: '127.0.0.1',
        contactPort: String(ring.port),
        username: 'cassandra',
        password: 'cassandra',
        releaseUsername: undefined,
        namespaces: undefined,
        property: () => undefined,
      },
    ],
    context: { podsIn: ring.podsIn, createdAt: '2026-11-21T00:00:00.000Z', flags: { own } },
    async write() {
      written += 1
      ring.transactions.set(`new-${written}`, Date.now() + 10 * minuteMs)
    },
    content: async () => [...ring.transactions].sort(),
    kept: async () => [...ring.left('backup-'), ...ring.medusa.keys()],
    async putBack({ details }) {
      const held = ring.taken.get(String(details['tag'])) ?? new Map()
      ring.transactions.clear()
      for (const [id, at] of held) ring.transactions.set(id, at)
      for (const node of ring.nodes) node.generation += 100
    },
  }
}

for (const door of doors)
  await t.test(`asked by ${door}`, (t) => restoredByHand(t, cassandra, (t) => trialOf(t, door, {})))

await t.test('with Medusa', (t) =>
  restoredByHand(t, cassandra, (t) => trialOf(t, 'nodetool', { 'cassandra-medusa': 'medusa' })),
)
