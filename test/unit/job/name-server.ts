import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { promises as dns } from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import type { Test } from 'tap'

/** What is behind a name: where a CNAME or an SRV record leads, or that this server cannot tell. */
export type Answer = { to: string; port?: number } | 'servfail'

/** A server of DNS that this process asks in place of its own. */
export interface NameServer {
  /** by `<name> <type>`; the others are no names (NXDOMAIN) */
  answers: Map<string, Answer>
  /** `<name> <type>` of every question that came */
  asked: string[]
}

/** RFC 1035, section 3.2.2; RFC 2782. */
const types = new Map([
  [1, 'A'],
  [5, 'CNAME'],
  [28, 'AAAA'],
  [33, 'SRV'],
])

/** Starts one; ended with the test. What asks the resolver of the system (`lookup`) does not come by it. */
export async function startNameServer(t: Pick<Test, 'teardown'>): Promise<NameServer> {
  const answers = new Map<string, Answer>()
  const asked: string[] = []
  const server = createSocket('udp4')
  server.on('message', (query, { port, address }) => {
    const question = readQuestion(query)
    asked.push(question)
    server.send(answerTo(query, answers.get(question)), port, address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const before = dns.getServers()
  use([`127.0.0.1:${server.address().port}`])
  t.teardown(() => {
    use(before)
    server.close()
  })
  return { answers, asked }
}

function use(servers: string[]): void {
  dns.setServers(servers)
  // setServers makes new functions, which importers see only then.
  syncBuiltinESMExports()
}

/** Where the name that is asked for ends, its last byte included. */
function endOfName(query: Buffer): number {
  return query.indexOf(0, 12) + 1
}

function readQuestion(query: Buffer): string {
  const end = endOfName(query)
  const labels: string[] = []
  for (let at = 12; at < end - 1; at += 1 + (query[at] ?? 0))
    labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)))
  const type = query.readUInt16BE(end)
  return `${labels.join('.').toLowerCase()} ${types.get(type) ?? type}`
}

/** RFC 1035, section 4.1. */
function answerTo(query: Buffer, answer: Answer | undefined): Buffer {
  const found = typeof answer === 'object' ? answer : undefined
  // NOERROR, SERVFAIL, NXDOMAIN
  const code = found !== undefined ? 0 : answer === 'servfail' ? 2 : 3
  const header = Buffer.from([
    query[0] ?? 0,
    query[1] ?? 0,
    0x81,
    0x80 | code,
    0,
    1,
    0,
    found === undefined ? 0 : 1,
    0,
    0,
    0,
    0,
  ])
  const question = query.subarray(12, endOfName(query) + 4)
  if (found === undefined) return Buffer.concat([header, question])
  const { to, port } = found
  const name = Buffer.concat([
    ...to.split('.').map((one) => Buffer.from([one.length, ...Buffer.from(one)])),
    Buffer.from([0]),
  ])
  const data = port === undefined ? name : Buffer.concat([Buffer.from([0, 0, 0, 0, port >> 8, port & 0xff]), name])
  // The name of the question, its type and class, five seconds to live.
  const about = Buffer.concat([
    Buffer.from([0xc0, 12]),
    question.subarray(-4),
    Buffer.from([0, 0, 0, 5, 0, data.length]),
  ])
  return Buffer.concat([header, question, about, data])
}
