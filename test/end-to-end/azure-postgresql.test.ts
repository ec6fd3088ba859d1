import t from 'tap'
import { onPostgresql } from '../unit/job/databases/azure-flexible/server-world.ts'
import { servesFromRestoredServer } from './stage/clouds/restored-flexible-server.ts'

// One server holds everything, so nothing is paused.
await servesFromRestoredServer(t, onPostgresql, {
  flags: [],
  backedUp: { backup: { pause: { paused: false } }, windows: { length: 0 } },
})
