import t from 'tap'
import { refuseTogetherUnpaused } from '../../../../../plugin/commands/backup/action.ts'
import { refused } from '../../refused.ts'

t.test('several releases without a pause are refused before the cluster is asked', async (t) => {
  t.match(
    refused(() => refuseTogetherUnpaused('never', ['my-ledger', 'my-auditor'])),
    { exitCode: 2, why: /my-ledger, my-auditor/ },
  )
})

t.test('one release may be left without, and several may be paused', async () => {
  refuseTogetherUnpaused('never', ['my-ledger'])
  refuseTogetherUnpaused('never', ['my-ledger', 'my-ledger'])
  refuseTogetherUnpaused('auto', ['my-ledger', 'my-auditor'])
})
