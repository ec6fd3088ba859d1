// Room: a real server of H2, a database that this program has no backup of, for tests on this machine and in a cluster.
// Read local-server, objects (one in a cluster).

import { randomBytes, randomInt } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { mavenPackages } from '../maven-packages.ts'
import { startServerProcess } from '../server-process.ts'
import { h2PostgresqlPort, h2SetUp } from './objects.ts'

/** The one file of it. */
export const h2Jar = 'h2-2.5.252.jar'
const entrypoint = join(import.meta.dirname, '../h2-image/entrypoint.sh')

/** The folder of H2's one file, 3 MB, fetched once. @throws Error with Maven's words where it cannot be fetched */
export const ensureH2 = (): Promise<string> => mavenPackages('h2', join(import.meta.dirname, 'pom.xml'))

/** A throwaway server of H2 on this machine, reachable from this machine only, at its usual ports. */
export interface LocalH2 {
  host: string
  database: string
  /** has all rights */
  user: string
  password: string
  /** stops the server and removes its files */
  stop(): Promise<void>
}

/**
 * Starts a server with one empty database, as the image for Kubernetes does, on a loopback address of its own, its
 * files in a temporary folder; about two seconds. It ends with this process, however that ends.
 * @throws Error with its own words where it does not start
 */
export async function startH2(): Promise<LocalH2> {
  const program = join(await ensureH2(), h2Jar)
  const folder = await mkdtemp(join(tmpdir(), 'h2-'))
  const host = `127.${randomInt(1, 255)}.${randomInt(0, 255)}.${randomInt(2, 255)}`
  const database = 'ledger_b'
  const as = { user: 'scalar', password: `it's ${randomBytes(12).toString('hex')}` }
  const [data, setUp] = [join(folder, 'data'), join(folder, 'set-up')]
  for (const each of [data, setUp]) await mkdir(each)
  await writeFile(join(setUp, `${database}.sql`), h2SetUp({ name: as.user, password: as.password }))
  const answers = async () => {
    const client = new Client({ host, port: h2PostgresqlPort, database, ...as })
    await client.connect()
    await client.end()
  }
  const stop = await startServerProcess('H2', answers, ['sh', entrypoint], {
    ...process.env,
    JAVA_TOOL_OPTIONS: `-Dh2.bindAddress=${host}`,
    H2: program,
    H2_DATA: data,
    H2_SET_UP: setUp,
  })
  return {
    host,
    database,
    ...as,
    stop: async () => {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
