import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { mavenPackages } from '../maven-packages.ts'
import { startServerProcess } from '../server-process.ts'

/**
 * The folder of Amazon's DynamoDB Local and all that it needs.
 * @throws Error with Maven's words where it cannot be fetched
 */
export const ensureDynamodbLocal = (): Promise<string> =>
  mavenPackages('dynamodb-local', join(import.meta.dirname, 'pom.xml'))

/** A running DynamoDB Local with nothing in it. */
export interface DynamodbLocal {
  endpoint: string
  stop(): Promise<void>
}

/**
 * Starts DynamoDB Local on a free port of the loopback interface, its items in memory; about a second. It ends with
 * this process, however that ends.
 * @param folder what ensureDynamodbLocal answers
 * @throws Error with its own words where it does not start
 */
export async function startDynamodbLocal(folder: string): Promise<DynamodbLocal> {
  const port = await freePort()
  const java = [
    'java',
    '-Xmx512m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    `-Djava.library.path=${folder}`,
    '-cp',
    join(folder, '*'),
  ]
  const command = [
    ...java,
    'software.amazon.dynamodb.services.local.main.ServerRunner',
    '-inMemory',
    '-disableTelemetry',
    '-port',
    String(port),
  ]
  const endpoint = `http://127.0.0.1:${port}`
  return { endpoint, stop: await startServerProcess('DynamoDB Local', endpoint, command) }
}
