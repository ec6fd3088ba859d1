import t from 'tap'
import { onMysql } from '../unit/job/databases/azure-flexible/server-world.ts'
import { servesFromRestoredServer } from './stage/clouds/restored-flexible-server.ts'

await servesFromRestoredServer(t, onMysql, {
  flags: ['--pause', 'always'],
  backedUp: { windows: [{ verdict: 'valid' }], stillPaused: { length: 0 } },
})
