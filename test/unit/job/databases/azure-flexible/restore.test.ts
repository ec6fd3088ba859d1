import t from 'tap'
import { restoresServers } from './restored-server.ts'
import { onPostgresql } from './server-world.ts'

await restoresServers(t, onPostgresql)
