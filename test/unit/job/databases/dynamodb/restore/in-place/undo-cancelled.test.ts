import t from 'tap'
import type { ReleaseProperties } from '../../../../../../../job/databases/database.ts'
import { dynamodb } from '../../../../../../../job/databases/dynamodb/dynamodb.ts'
import { prefixProperty } from '../../../../../../../job/databases/dynamodb/tables/table-names.ts'
import { startAws } from '../../../../../../stand-ins/aws/aws.ts'
import { memoryJournal } from '../../../database-conformance.ts'
import { contextOf } from '../../installation.ts'
import { restoreStage } from '../restore-stage.ts'

const aws = await startAws({ settings: { restorableLagMs: 100, phases: { createTable: 5, updateTable: 5 } } })
t.teardown(() => aws.stop())
const { installation, entry } = await restoreStage(t, aws, 'x-')

t.test(
  'an undo that is cancelled after it had pointed the release back points it to the restored tables again',
  async (t) => {
    let prefix: string | undefined = 'new-x-'
    const properties: ReleaseProperties = {
      obstacle: async () => undefined,
      byHand: async () => [],
      formerIn: async () => undefined,
      former: async () => undefined,
      keepFormer: async () => undefined,
      line: (_, property, value) => `${property}=${value}`,
      written: async () => prefix,
      write: async (_settings, _property, value) => void (prefix = value),
    }
    const stop = new AbortController()
    const former = {
      title: 'a database',
      kind: 'dynamodb',
      state: 'in-service' as const,
      details: {
        former: Object.fromEntries(installation.settings.map(({ storage }) => [`${storage} ${prefixProperty}`, 'x-'])),
      },
    }
    const context = contextOf('restore-x', { properties, choice: { prefix: 'new-x-' }, signal: stop.signal })
    const destination = dynamodb.openUndo(installation.settings, entry, { ...context, former })
    const journal = await memoryJournal()
    await destination.deactivate(journal)
    t.equal(prefix, 'x-')
    stop.abort(new Error('told to stop'))
    await destination.activate(journal)
    t.equal(prefix, 'new-x-')
    await destination.close()
  },
)
