import { cassandraMutations } from './cassandra.ts'
import { auroraMutations } from './aurora.ts'
import { cassyMutations } from './cassy.ts'
import { dumpMutations } from './dumps.ts'
import type { Mutation } from './mutation.ts'
import { azureMutations } from './azure.ts'
import { rdsMutations } from './rds.ts'
import { recordMutations } from './records.ts'

const settings = 'export async function reapplySettings('
const restore = 'all of them before the first is loaded'
const pause = 'export async function pauseAround'
const window = 'window.reasons.push(...doubtsOf(word, silent))'

export const mutations: readonly Mutation[] = [
  ...cassandraMutations,
  ...cassyMutations,
  ...dumpMutations,
  ...recordMutations,
  ...azureMutations,
  ...rdsMutations,
  ...auroraMutations,
  {
    title: 'a guard need not have the key',
    file: 'export function admitGuards(',
    changes: [
      ["secured.emit('connection', socket)", 'admitted(socket as never)'],
      ['if (isShortHello(first))', 'if (first.length > 0)'],
    ],
    tests: ['guard-link.test.ts'],
  },
  {
    title: 'a guard may speak from anywhere',
    file: 'export function guardPods(',
    changes: [['onHostNetwork || isLoopback(address)', 'onHostNetwork || address.length > 0']],
    tests: ['guard-link.test.ts'],
  },
  {
    title: 'what comes before the key is proven has no bounds',
    file: 'export function admitGuards(',
    changes: [['if (isShortHello(first))', 'if (first.length > 0)']],
    tests: ['guard-link.test.ts'],
  },
  {
    title: 'each hello has the pods listed for itself',
    file: 'export function guardPods(',
    changes: [['looking ??= look().finally(() => (looking = undefined))\n      return looking', 'return look()']],
    tests: ['guard-link.test.ts'],
  },
  {
    title: '"unpaused" is believed whatever the server says',
    file: 'export async function unpauseOurs(',
    changes: [['.catch(() => undefined)) !== true\n', '.catch(() => undefined)) !== null\n']],
    tests: ['guard-link.test.ts'],
  },
  {
    title: 'the labels of an operation make a pod one of it',
    file: 'function isMadeBy(job: string',
    changes: [
      [
        'items.filter((pod) => isMadeBy(jobs[roleOf(pod)], pod))',
        'items.filter((pod) => jobs[roleOf(pod)] !== pod.kind)',
      ],
    ],
    tests: ['guard-link.test.ts'],
  },
  {
    title: 'a line of a log has no bound',
    file: 'export class LineReader',
    changes: [
      ['if (line.length > longestLine) return line', ''],
      ['whole.length > longestLine ?', 'whole.length < 0 ?'],
    ],
    tests: ['endless-log.test.ts'],
  },
  {
    title: 'every line of a log is remembered',
    file: 'export class LogPosition',
    changes: [['if (this.#remembered <= mostRemembered) return', 'return']],
    tests: ['endless-log.test.ts'],
  },
  {
    title: 'sessions of MySQL may hold different moments',
    file: 'export async function takeSnapshot(',
    changes: [
      [
        'if ((await commits(first)) - before === sessions.length) return',
        'if ((await commits(first)) >= before) return',
      ],
    ],
    tests: ['values.test.ts'],
  },
  {
    title: 'a table of MySQL may be altered after the snapshot',
    file: 'export async function dumpTable(',
    changes: [
      ['if (withoutCounter(definition) !== withoutCounter(table.definition) || ', 'if ('],
      ['present?.createdAt !== table.createdAt)', 'present === null)'],
    ],
    tests: ['values.test.ts'],
  },
  {
    title: 'a table of MySQL may be made after the snapshot',
    file: 'export class MysqlSource implements',
    changes: [['if (appeared !== undefined) throw altered(appeared)', 'void appeared']],
    tests: ['values.test.ts'],
  },
  {
    title: "what is decompressed may end before its file's end",
    file: 'export async function readUnpacked(',
    changes: [['done(content.readableEnded ? null :', 'done(content !== null ? null :']],
    tests: ['read-unpacked.test.ts'],
  },
  {
    title: 'a volume is listed however many files lie there',
    file: 'export async function* listFiles(',
    changes: [['if (seen > most)', 'if (seen < 0)']],
    tests: ['volume.test.ts'],
  },
  {
    title: 'a cell of a table has no bound',
    file: 'export function formatTable<',
    changes: [['if (text.length <= longestCell) return', 'if (text.length >= 0) return']],
    tests: ['terminal.test.ts'],
  },
  {
    title: 'text from elsewhere reaches the terminal as it is',
    file: 'export function paintFor(',
    changes: [['      return printable(shown)\n', '      return shown\n']],
    tests: ['terminal.test.ts'],
  },
  {
    title: 'row counts are not compared after a load',
    file: 'async function verifyRows(',
    changes: [['table.rows === counted[index]?.rows ?', 'table.rows !== Infinity ?']],
    tests: ['postgresql.test.ts'],
  },
  {
    title: "the pod's identity goes to any endpoint that a release names",
    file: 'refuseStrangeEndpoint(first, endpoint',
    changes: [['credentials.credentialsFrom !== fromRelease)', "credentials.credentialsFrom === '')"]],
    tests: ['endpoints.test.ts'],
  },
  {
    title: 'whatever ends like AWS is AWS',
    file: 'export function refuseStrangeEndpoint(',
    changes: [['`^dynamodb(-fips)?', '`dynamodb(-fips)?']],
    tests: ['endpoints.test.ts'],
  },
  {
    title: 'a database secret is for any server that a release names',
    file: 'export function refuseStrangers(',
    changes: [['if (strangers.length === 0) return', 'if (strangers.length >= 0) return']],
    tests: ['passwords.test.ts', 'mysql-passwords.test.ts'],
  },
  {
    title: "whatever has Azure's name in it is managed by Azure",
    file: 'export function cloudOf(',
    changes: [['host.toLowerCase().endsWith(end)', 'host.toLowerCase().includes(end)']],
    tests: ['endpoints.test.ts'],
  },
  {
    title: 'a contact point need not be reached by https',
    file: 'export function endpointOf(settings: StorageSettings): string',
    changes: [["|| new URL(text).protocol !== 'https:')", "|| new URL(text).protocol === '')"]],
    tests: ['endpoints.test.ts'],
  },
  {
    title: "a release's variables are the worker's own",
    file: 'export function takeOverEnvironment(',
    changes: [['name: prefix + variable.name,', 'name: variable.name,']],
    tests: ['endpoints.test.ts'],
  },
  {
    title: 'Events that nobody answers pile up',
    file: 'export function toldOnReleases(',
    changes: [['if (underway.size >= mostUnderway)', 'if (underway.size < 0)']],
    tests: ['release-events.test.ts'],
  },
  {
    title: 'a pause waits until its Events are told',
    file: 'export function toldOnReleases(',
    changes: [['await Promise.race([Promise.all(underway), sleep', 'await Promise.all([...underway, sleep']],
    tests: ['release-events.test.ts'],
  },
  {
    title: 'all records are in memory before the first is printed',
    file: 'export async function streamList<',
    changes: [['for await (const item of items)', 'for (const item of await Array.fromAsync(items))']],
    tests: ['stream-list.test.ts'],
  },
  {
    title: 'a restore holds all records in memory',
    file: 'export async function* readableRecords(',
    changes: [
      [
        'for await (const { record } of eachRecord(session, { kind }))',
        'for (const { record } of await Array.fromAsync(eachRecord(session, { kind })))',
      ],
    ],
    tests: ['plugin-memory.test.ts'],
  },
  {
    title: 'a deletion holds all records in memory',
    file: 'async function needsOf(',
    changes: [
      [
        'for await (const { record: other } of eachOperation(session, {}))',
        'for (const { record: other } of await Array.fromAsync(eachOperation(session, {})))',
      ],
    ],
    tests: ['plugin-memory.test.ts'],
  },
  {
    title: 'a page of records is as long as they are',
    file: 'async function* eachConfigMap(',
    changes: [['Math.max(leastPage, Math.min(mostPage,', 'Math.max(mostPage, Math.min(mostPage,']],
    tests: ['pages.test.ts'],
  },
  {
    title: 'a Role of one release names none',
    file: 'function narrowed(',
    changes: [['if (of === undefined) return [...rules]', 'if (of?.releases !== null) return [...rules]']],
    tests: ['install-objects.test.ts'],
  },
  {
    title: 'what is loaded need not be what was verified',
    file: 'export async function readVerified(',
    changes: [["else if (hash.digest('hex') !== file.sha256)", 'else if (file.sha256 === undefined)']],
    tests: ['swapped-files.test.ts'],
  },
  {
    title: 'a superuser loads what a dump holds',
    file: 'export async function loadDatabase(',
    changes: [
      ['powers.superuser ? await makeLoader(client, access, names, ownership) : access', 'access'],
      ['powers.superuser ? own.username : ownership.owner', 'ownership.owner'],
    ],
    tests: ['load-rights.test.ts'],
  },
  {
    title: 'unpauseSentAt is taken after the unpause',
    file: pause,
    changes: [
      ['  window.unpauseSentAt = new Date().toISOString()\n', ''],
      ['  if (!letGo) sayUnpaused(context, window, unpaused)\n', '  window.unpauseSentAt = new Date().toISOString()\n'],
    ],
    tests: ['window-proof.test.ts'],
  },
  {
    title: 'the watch is not caught up before the verdict',
    file: 'export async function verifyWindow(',
    changes: [[', watched.catchUp(patienceMs)]),', ', watched]),']],
    tests: ['window-proof.test.ts'],
  },
  {
    title: 'the first Pause does not wait until its intent is durable',
    file: window,
    changes: [[', journalIntent(context, number, intent)])', ', void journalIntent(context, number, intent)])']],
    tests: ['hold-pause.test.ts'],
  },
  {
    title: 'the first Pause does not wait until its window is recorded',
    file: window,
    changes: [['Promise.all([recordWindow(', 'Promise.all([void recordWindow(']],
    tests: ['hold-pause.test.ts'],
  },
  {
    title: "the guard's pod is made before there is a worker to keep away from",
    file: 'export async function createOperation(',
    changes: [['suspend: true', 'suspend: false']],
    tests: ['create-operation.test.ts', 'resume-named.test.ts'],
  },
  {
    title: 'every unpaused server is recorded as STILL PAUSED',
    file: window,
    changes: [
      [
        'recordWindow(context, index, window),\n    journalEnd',
        'recordWindow(context, index, window, window.endpoints.map(String)),\n    journalEnd',
      ],
    ],
    tests: ['drain.test.ts', 'hold-pause.test.ts'],
  },
  {
    title: 'an original is deleted although what takes its place is not AVAILABLE',
    file: 'if (!(await of.isAvailable())) throw unavailable(of)',
    changes: [['    if (!(await of.isAvailable())) throw unavailable(of)\n', '']],
    tests: ['lost-replacement.test.ts'],
  },
  {
    title: 'resource policies are not restored',
    file: settings,
    changes: [['if (resourcePolicy !== undefined)', 'if (resourcePolicy === "")']],
    tests: ['forgotten-settings.test.ts'],
  },
  {
    title: "a table's contributor insights are not restored",
    file: settings,
    changes: [['if (contributorInsights !== undefined)', 'if (String(contributorInsights) === "never")']],
    tests: ['forgotten-settings.test.ts'],
  },
  {
    title: 'scheduled actions are not restored',
    file: 'export async function reapplyAutoscaling(',
    changes: [['of target.scheduledActions)', 'of target.scheduledActions.slice(0, 0))']],
    tests: ['forgotten-settings.test.ts'],
  },
  {
    title: 'streams to Kinesis are not restored',
    file: settings,
    changes: [['of kinesisStreams)', 'of kinesisStreams.slice(0, 0))']],
    tests: ['forgotten-settings.test.ts'],
  },
  {
    title: 'tables are restored one after another instead of at once',
    file: 'export async function forEachTable(',
    changes: [
      [
        '  const failed = new AbortController()\n',
        '  const failed = new AbortController()\n  let turn: Promise<unknown> = Promise.resolve()\n',
      ],
      ['run(table, either).catch(', '(turn = turn.then(() => run(table, either))).catch('],
      ['.map((table) =>\n', '.map(async (table) => void await\n'],
    ],
    tests: ['forgotten-settings.test.ts'],
  },
  {
    title: 'a backup is not verified before it is restored',
    file: restore,
    changes: [["    await phase('verify', () => all(databases, (database) => database.verify()))\n", '']],
    tests: ['switch-back.test.ts'],
  },
  {
    title: 'one of several databases that fails in its load is passed over',
    file: restore,
    changes: [
      [
        "phase('load', () => all(databases, (database) => database.load(journal)))",
        "phase('load', () => all(databases, (database) => database.load(journal).catch(() => undefined)))",
      ],
    ],
    tests: ['switch-back.test.ts'],
  },
  {
    title: 'the worker has no handler of SIGTERM',
    file: "events.say('failed', `${String(text['what'])}: ${String(text['why'])}`",
    changes: [
      [
        "for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(",
        "for (const name of ['SIGINT'] as const) process.on(",
      ],
    ],
    tests: ['signals.test.ts'],
  },
]
