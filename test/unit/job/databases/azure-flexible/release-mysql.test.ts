import t from 'tap'
import { mariadbServers } from '../../../../stand-ins/mysql/servers-with-a-past.ts'
import { servesReleases } from './served-release.ts'
import { onMysql } from './server-world.ts'

const servers = await mariadbServers()
t.teardown(() => servers.stop())
await servesReleases(t, onMysql, servers)
