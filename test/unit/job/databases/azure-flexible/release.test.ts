import t from 'tap'
import { postgresqlServers } from '../../../../stand-ins/postgresql/servers-with-a-past.ts'
import { servesReleases } from './served-release.ts'
import { onPostgresql } from './server-world.ts'

const servers = await postgresqlServers()
t.teardown(() => servers.stop())
await servesReleases(t, onPostgresql, servers)
