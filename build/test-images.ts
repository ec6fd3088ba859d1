import { join } from 'node:path'
import { standInBase } from './base-image.ts'
import { bundleModule } from './bundle.ts'
import { buildImage } from './images.ts'
import { distFolder } from './project.ts'

/** The images that only tests use, named as a kubelet completes such names. */
export const ledgerImage = 'docker.io/kubectl-scalardl-test/ledger:dev'
export const postgresqlImage = 'docker.io/kubectl-scalardl-test/postgresql:dev'

/** Makes the OCI archives of the Ledger stand-in and of a PostgreSQL server, and returns their paths. */
export async function buildTestImages(options: { publishedBases?: boolean } = {}): Promise<{ ledger: string; postgresql: string }> {
  await bundleModule('test/stand-ins/ledger/main.ts', 'ledger')
  const base = options.publishedBases ? undefined : await standInBase()
  const folder = join(distFolder, 'test-images')
  const ledger = await buildImage({
    name: ledgerImage,
    dockerfile: 'test/stand-ins/ledger/Dockerfile',
    baseArgument: 'NODE_IMAGE',
    base,
    copies: ['dist/ledger.mjs'],
    archive: join(folder, 'ledger.tar')
  })
  const postgresql = await buildImage({
    name: postgresqlImage,
    dockerfile: 'test/stand-ins/postgresql-image/Dockerfile',
    baseArgument: 'BASE_IMAGE',
    base,
    copies: ['test/stand-ins/postgresql-image/entrypoint.sh'],
    archive: join(folder, 'postgresql.tar')
  })
  return { ledger, postgresql }
}
