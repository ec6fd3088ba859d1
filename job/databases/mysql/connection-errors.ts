import type { ConnectionError } from '../connection-failure.ts'
import type { Access } from './access.ts'

const checkPassword =
  "check scalar.db.password in the release's properties, or give a Secret with username and password " +
  'by --database-secret'

/** Names: MySQL's Error Message Reference. */
export const connectionErrors: readonly ConnectionError<Access>[] = [
  {
    matches: /^ER_ACCESS_DENIED_ERROR.*using password: NO/,
    why: ({ username }) => `it asks for a password, and none is known for user ${username}`,
    next: checkPassword,
  },
  {
    // MariaDB before 11 says no more where require_secure_transport keeps somebody out.
    matches: /^ER_ACCESS_DENIED/,
    when: ({ tls }) => tls.mode === 'disable',
    why: ({ username }) =>
      `it refuses the password of user ${username}, lets that user not in from here, ` +
      'or over encrypted connections only',
    next: `${checkPassword}; or replace sslMode=disable by verify-full (or trust) in the JDBC URL`,
  },
  {
    matches: /^ER_ACCESS_DENIED/,
    why: ({ username }) => `it refuses the password of user ${username}, or lets that user not in from here`,
    next: checkPassword,
  },
  {
    matches: /^ER_HOST_NOT_PRIVILEGED|^ER_HOST_IS_BLOCKED/,
    why: () => "it lets nobody in from this cluster's addresses",
    next: 'allow the addresses of this cluster in the server or the firewall of the service',
  },
  {
    matches: /^ER_SECURE_TRANSPORT_REQUIRED/,
    why: ({ username }) => `it accepts user ${username} over encrypted connections only`,
    next: 'add sslMode=verify-full (or trust) to the JDBC URL in scalar.db.contact_points',
  },
  {
    matches: /^ER_CON_COUNT_ERROR|^ER_TOO_MANY_USER_CONNECTIONS|^ER_USER_LIMIT_REACHED/,
    why: () => 'all its connections are taken',
    next: 'raise max_connections, or lower --parallel and the connection pools of others',
  },
  {
    matches: /^HANDSHAKE_NO_SSL_SUPPORT/,
    why: () => 'it does not speak TLS, which the sslMode of its URL asks for',
    next: 'turn TLS on in the server, or correct sslMode in scalar.db.contact_points',
  },
  {
    matches: /ALTNAME|altnames/,
    why: () => 'its certificate is for another host name',
    next: 'name it as its certificate does, or use sslMode=verify-ca',
  },
  {
    matches: /CERT_HAS_EXPIRED|certificate has expired/,
    why: () => 'its certificate has expired',
    next: 'renew the certificate of the server',
  },
  {
    matches: /SELF_SIGNED|self-signed|UNABLE_TO_(GET|VERIFY)|unable to (get|verify)/,
    why: () => 'its certificate is not signed by an authority that is trusted',
    next: "give that authority's certificate by serverSslCert or trustStore, mounted in the worker as well",
  },
]
