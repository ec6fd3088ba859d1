import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ensureDynamodbLocal } from '../test/stand-ins/aws/dynamodb-local.ts'
import { ensureH2, h2Jar } from '../test/stand-ins/h2/local-server.ts'
import { postgresqlBinaries, usualMajor } from '../test/stand-ins/postgresql/binaries.ts'
import { ensureVersitygw } from '../test/stand-ins/versitygw/versitygw.ts'
import { standInBase } from './base-image.ts'
import { bundleModule } from './bundle/bundle.ts'
import { buildImage } from './image.ts'
import { distFolder } from './project.ts'

/** The images that only tests use, named as a kubelet completes such names. */
export const ledgerImage = 'docker.io/kubectl-scalardl-test/ledger:dev'
export const awsImage = 'docker.io/kubectl-scalardl-test/aws:dev'
export const azureImage = 'docker.io/kubectl-scalardl-test/azure:dev'
export const postgresqlImage = 'docker.io/kubectl-scalardl-test/postgresql:dev'
export const mysqlImage = 'docker.io/kubectl-scalardl-test/mysql:dev'
export const h2Image = 'docker.io/kubectl-scalardl-test/h2:dev'
export const versitygwImage = 'docker.io/kubectl-scalardl-test/versitygw:dev'

/** Where the OCI archives of what stands in are. */
export interface TestImages {
  ledger: string
  postgresql: string
  mysql: string
  h2: string
  aws: string
  azure: string
  versitygw: string
}

/**
 * Makes the OCI archives of the Ledger stand-in, of a PostgreSQL, a MariaDB and an H2 server, of the stand-ins of
 * DynamoDB and of Azure Cosmos DB, and of an S3 server.
 */
export async function buildTestImages(options: { publishedBases?: boolean } = {}): Promise<TestImages> {
  await bundleModule('test/stand-ins/ledger/main.ts', 'ledger')
  const base = options.publishedBases ? undefined : await standInBase()
  const folder = join(distFolder, 'test-images')
  const ledger = await buildImage({
    name: ledgerImage,
    dockerfile: 'test/stand-ins/ledger/Dockerfile',
    baseArgument: 'NODE_IMAGE',
    base,
    copies: ['dist/ledger.mjs'],
    archive: join(folder, 'ledger.tar'),
  })
  const postgresql = await buildImage({
    name: postgresqlImage,
    dockerfile: 'test/stand-ins/postgresql-image/Dockerfile',
    baseArgument: 'BASE_IMAGE',
    base,
    copies: ['test/stand-ins/postgresql-image/entrypoint.sh'],
    archive: join(folder, 'postgresql.tar'),
  })
  const mysql = await buildImage({
    name: mysqlImage,
    dockerfile: 'test/stand-ins/mysql-image/Dockerfile',
    baseArgument: 'BASE_IMAGE',
    base,
    copies: ['test/stand-ins/mysql-image/entrypoint.sh'],
    archive: join(folder, 'mysql.tar'),
  })
  await bundleModule('test/stand-ins/aws/main.ts', 'aws')
  copyDynamodbLocal(await ensureDynamodbLocal())
  await copyPostgresql()
  const aws = await buildImage({
    name: awsImage,
    dockerfile: 'test/stand-ins/aws/Dockerfile',
    baseArgument: 'NODE_IMAGE',
    base,
    // What DynamoDB Local consists of, its own file says, and so it is with PostgreSQL.
    copies: ['dist/aws.mjs', 'test/stand-ins/aws/pom.xml', postgresqlVersions],
    archive: join(folder, 'aws.tar'),
  })
  mkdirSync(join(distFolder, 'h2'), { recursive: true })
  cpSync(join(await ensureH2(), h2Jar), join(distFolder, 'h2', 'h2.jar'))
  const h2 = await buildImage({
    name: h2Image,
    dockerfile: 'test/stand-ins/h2-image/Dockerfile',
    baseArgument: 'NODE_IMAGE',
    base,
    copies: ['dist/h2/h2.jar', 'test/stand-ins/h2-image/entrypoint.sh'],
    archive: join(folder, 'h2.tar'),
  })
  await bundleModule('test/stand-ins/azure/main.ts', 'azure')
  const azure = await buildImage({
    name: azureImage,
    dockerfile: 'test/stand-ins/azure/Dockerfile',
    baseArgument: 'NODE_IMAGE',
    base,
    copies: ['dist/azure.mjs', postgresqlVersions],
    archive: join(folder, 'azure.tar'),
  })
  copyFileSync(await ensureVersitygw(), join(distFolder, 'versitygw'))
  const versitygw = await buildImage({
    name: versitygwImage,
    dockerfile: 'test/stand-ins/versitygw/Dockerfile',
    baseArgument: 'BASE_IMAGE',
    base,
    copies: ['dist/versitygw'],
    archive: join(folder, 'versitygw.tar'),
  })
  return { ledger, postgresql, mysql, h2, aws, azure, versitygw }
}

/** Puts what Linux needs of it where a Dockerfile can copy it from. */
function copyDynamodbLocal(from: string): void {
  const to = join(distFolder, 'dynamodb-local')
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  for (const file of readdirSync(from))
    if (file.endsWith('.jar') || file.endsWith('.so')) cpSync(join(from, file), join(to, file))
}

/** Which PostgreSQL it is that goes into images. */
const postgresqlVersions = 'test/stand-ins/postgresql/binaries.ts'

/** Puts a PostgreSQL server where a Dockerfile can copy it from. */
async function copyPostgresql(): Promise<void> {
  const to = join(distFolder, 'postgresql')
  rmSync(to, { recursive: true, force: true })
  cpSync(dirname(await postgresqlBinaries(usualMajor)), to, { recursive: true, verbatimSymlinks: true })
  // It lies in the cache for its owner alone.
  chmodSync(to, 0o755)
}
