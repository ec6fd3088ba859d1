import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { javaOptions } from '../cassandra/java-options.ts'
import { ensureMedusa } from '../cassandra/real-medusa.ts'
import { ensureCassandra } from '../cassandra/real-ring.ts'
import { standInBase } from '../../../build/base-image.ts'
import { buildImage } from '../../../build/image.ts'
import { distFolder } from '../../../build/project.ts'

/** Named as a kubelet completes such names. */
export const cassandraImage = 'docker.io/kubectl-scalardl-test/cassandra:dev'

const folder = 'test/stand-ins/cassandra-image'

/** Makes the OCI archive of Cassandra with Medusa, 300 MB, which `npm run test:cassandra` alone needs. */
export async function buildCassandraImage(): Promise<string> {
  const parts = join(distFolder, 'cassandra')
  rmSync(parts, { recursive: true, force: true })
  for (const [name, from] of [
    ['cassandra', await ensureCassandra()],
    ['medusa', await ensureMedusa()],
  ] as const) {
    mkdirSync(join(parts, name), { recursive: true })
    cpSync(from, join(parts, name), { recursive: true, verbatimSymlinks: true })
    // It lies in the cache for its owner alone.
    chmodSync(join(parts, name), 0o755)
  }
  writeFileSync(join(parts, 'java.options'), `${javaOptions.join('\n')}\n`)
  return await buildImage({
    name: cassandraImage,
    dockerfile: `${folder}/Dockerfile`,
    baseArgument: 'BASE_IMAGE',
    base: await standInBase(),
    copies: [
      'dist/cassandra/java.options',
      // They say which releases those are.
      'test/stand-ins/cassandra/pom.xml',
      'test/stand-ins/cassandra/real-medusa.ts',
      ...['cassandra', 'nodetool', 'medusa'].map((program) => `${folder}/${program}`),
    ],
    archive: join(distFolder, 'test-images', 'cassandra.tar'),
  })
}
