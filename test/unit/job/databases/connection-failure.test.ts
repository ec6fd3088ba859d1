import t from 'tap'
import { connectionFailure } from '../../../../job/databases/connection-failure.ts'
import { connectionErrors as ofMysql } from '../../../../job/databases/mysql/connection-errors.ts'
import { connectionErrors as ofPostgresql } from '../../../../job/databases/postgresql/connection-errors.ts'

const access = { hosts: [{ host: 'db', port: 1 }], username: 'me', password: 'it', tls: { mode: 'prefer' } }
const whyOf = (error: Error, known: readonly { matches: RegExp; why(of: never): string; next: string }[]) =>
  connectionFailure('the server', access as never, error, known as never).why
const coded = (code: string, text = '') => Object.assign(new Error(text), { code })

t.test('what the network answers is said alike of every kind', (t) => {
  const cases: [Error, RegExp][] = [
    [coded('ENOTFOUND'), /the name db does not resolve/],
    [coded('EAI_AGAIN'), /the name db does not resolve/],
    [coded('ECONNREFUSED'), /nothing answers on that port/],
    [coded('ETIMEDOUT', 'connect ETIMEDOUT'), /no answer: no route to it/],
    [coded('EHOSTUNREACH'), /no answer: no route to it/],
    [coded('ECONNRESET', 'read ECONNRESET'), /the connection was closed/],
    [coded('EPIPE'), /the connection was closed/],
    // pg
    [new Error('timeout expired'), /no answer: no route to it/],
    [new Error('Connection terminated unexpectedly'), /the connection was closed/],
    // mysql2
    [coded('PROTOCOL_CONNECTION_LOST', 'Connection lost: The server closed the connection.'), /connection was closed/],
  ]
  for (const [error, why] of cases) for (const known of [ofMysql, ofPostgresql]) t.match(whyOf(error, known), why)
  t.end()
})

t.test('what a server answers is of its kind', (t) => {
  t.match(
    whyOf(coded('ER_ACCESS_DENIED_ERROR', 'Access denied (using password: YES)'), ofMysql),
    /refuses the password/,
  )
  t.match(whyOf(coded('28P01'), ofPostgresql), /refuses the password of user me/)
  t.match(whyOf(coded('53300'), ofPostgresql), /all its connections are taken/)
  t.equal(whyOf(coded('ELSE', 'what nobody knows'), ofMysql), 'ELSE what nobody knows')
  t.end()
})
