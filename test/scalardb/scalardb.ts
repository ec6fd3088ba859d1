import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { ensureProgram } from '../java-client/ensure.ts'
import { fetchedOnce } from '../stand-ins/fetched-once.ts'

const run = promisify(execFile)
const pom = join(import.meta.dirname, 'pom.xml')
const source = join(import.meta.dirname, 'Bank.java')
const fetchMs = 600_000
const answerMs = 120_000

/** Versions of ScalarDB; README.md says why these. */
export const newest = '3.19.1'
export const beforePrefix = '3.6.0'

/** What the application sees through ScalarDB. */
export interface Seen {
  /** the tables of transactions are there */
  coordinator: boolean
  namespace: boolean
  tables: string[]
  index: boolean
  /** of the table, as ScalarDB's metadata has it */
  metadata: unknown
  /** one row by its keys */
  got: unknown
  /** the rows of the partition, in their order */
  scanned: unknown[]
  /** rows by the secondary index */
  owned: unknown[]
}

/** An application of a real ScalarDB. Each call opens ScalarDB anew, by the text of the properties that it is given. */
export interface ScalarDb {
  /** makes the tables of transactions and the application's own */
  create(properties: string): Promise<void>
  /** commits one transaction that reads every row and gives each the values of a round */
  write(properties: string, round: number): Promise<void>
  read(properties: string): Promise<Seen>
  stop(): Promise<void>
}

/** What it sees where everything is there and the last committed round is this one. */
export function wholeAt(round: number): Seen {
  const rows = [3, 2, 1, 0].map((number) => ({
    balance: 1000 * round + number,
    number,
    open: round % 2 === 0,
    owner: (number + round) % 2 === 0 ? 'Åsa' : 'Bo',
    rate: round / 4,
    seal: Buffer.from([round, 0, number]).toString('base64'),
  }))
  return {
    coordinator: true,
    namespace: true,
    tables: ['account'],
    index: true,
    metadata: {
      columns: {
        balance: 'BIGINT',
        branch: 'TEXT',
        number: 'INT',
        open: 'BOOLEAN',
        owner: 'TEXT',
        rate: 'DOUBLE',
        seal: 'BLOB',
      },
      partition: ['branch'],
      clustering: { number: 'DESC' },
      indexes: ['owner'],
    },
    got: rows.find(({ number }) => number === 1),
    scanned: rows,
    owned: rows.filter(({ owner }) => owner === 'Åsa').sort((one, other) => one.number - other.number),
  }
}

/** A short name for what these files hold. */
async function digestOf(...files: string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(file))
  return hash.digest('hex').slice(0, 12)
}

/** The class path of the application, with ScalarDB fetched from Maven Central once and kept in the cache. */
async function classPath(version: string): Promise<string> {
  const libraries = await fetchedOnce(`scalardb-${version}-${await digestOf(pom)}`, async (folder) => {
    await ensureProgram('mvn', '--version', 'maven')
    const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`, '-DincludeScope=runtime']
    const command = ['--batch-mode', '--quiet', '--file', pom, `-Dscalardb.version=${version}`, ...copy]
    await run('mvn', command, { timeout: fetchMs })
  })
  const jars = join(libraries, '*')
  const classes = await fetchedOnce(`scalardb-${version}-bank-${await digestOf(pom, source)}`, async (folder) => {
    await ensureProgram('javac', '-version', 'openjdk-17-jdk-headless')
    await run('javac', ['-encoding', 'UTF-8', '-cp', jars, '-d', folder, source])
  })
  return `${classes}:${jars}`
}

/**
 * Starts the application in a process of its own, which ends with this one. Java and what else is missing is installed
 * where this user may.
 * @param environment what its properties name as `${env:NAME}`
 * @throws Error with the words of Maven, the compiler or ScalarDB
 */
export async function startScalarDb(version: string, environment: Record<string, string> = {}): Promise<ScalarDb> {
  await ensureProgram('java', '-version', 'openjdk-17-jre-headless')
  const quick = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dfile.encoding=UTF-8']
  const child = spawn('java', [...quick, '-cp', await classPath(version), 'Bank'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  })
  const ended = once(child, 'close')
  const folder = await mkdtemp(join(tmpdir(), 'scalardb-'))
  let words = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-8000)))
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let files = 0

  const ask = async (command: string, properties: string, ...more: string[]): Promise<unknown> => {
    files += 1
    const file = join(folder, `${files}.properties`)
    await writeFile(file, properties)
    child.stdin.write(`${[command, file, ...more].join(' ')}\n`)
    const limit = setTimeout(() => child.kill('SIGKILL'), answerMs)
    try {
      for (;;) {
        const { value, done } = await answers.next()
        if (done === true) throw new Error(`ScalarDB ${version} did not ${command}: ${words}`)
        if (!value.startsWith('answer ')) continue
        const { answer, error } = JSON.parse(value.slice('answer '.length)) as { answer?: unknown; error?: string }
        if (error !== undefined) throw new Error(`ScalarDB ${version} did not ${command}: ${error}`)
        return answer
      }
    } finally {
      clearTimeout(limit)
    }
  }
  return {
    async create(properties) {
      await ask('create', properties)
    },
    async write(properties, round) {
      await ask('write', properties, String(round))
    },
    read: async (properties) => (await ask('read', properties)) as Seen,
    async stop() {
      child.stdin.end()
      await ended
      await rm(folder, { recursive: true })
    },
  }
}
