import t from 'tap'
import { restoresServers } from './restored-server.ts'
import { onMysql } from './server-world.ts'

await restoresServers(t, onMysql)
