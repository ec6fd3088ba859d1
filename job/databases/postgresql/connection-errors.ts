import type { ConnectionError } from '../connection-failure.ts'
import type { Access } from './access.ts'

/** SQLSTATEs: PostgreSQL's appendix A. */
export const connectionErrors: readonly ConnectionError<Access>[] = [
  {
    matches: /^28P01|client password must be/,
    why: ({ username, password }) =>
      password === undefined
        ? `it asks for a password, and none is known for user ${username}`
        : `it refuses the password of user ${username}`,
    next:
      "check scalar.db.password in the release's properties, " +
      'or give a Secret with username and password by --database-secret',
  },
  {
    matches: /^28000.*(no encryption|SSL off)/,
    why: ({ username }) => `it accepts user ${username} over encrypted connections only`,
    next: 'add ?sslmode=require (or verify-full) to the JDBC URL in scalar.db.contact_points',
  },
  {
    matches: /^28000.*no pg_hba\.conf entry/,
    why: ({ username }) => `its pg_hba.conf lets user ${username} not in from here`,
    next: 'allow the addresses of this cluster in pg_hba.conf or the firewall of the service',
  },
  {
    matches: /^28/,
    why: ({ username }) => `it does not let user ${username} in`,
    next: 'check scalar.db.username, and that the role may log in',
  },
  {
    matches: /^3D000/,
    why: () => 'there is no such database on the server',
    next: 'check the database in scalar.db.contact_points',
  },
  {
    matches: /^42501/,
    why: ({ username }) => `user ${username} may not connect to it`,
    next: 'GRANT CONNECT ON DATABASE to that user',
  },
  {
    matches: /^53300/,
    why: () => 'all its connections are taken',
    next: 'raise max_connections, or lower --parallel and the connection pools of others',
  },
  {
    matches: /^57P0[123]/,
    why: () => 'it is starting up or shutting down',
    next: 'wait until it serves, then run the command again',
  },
  {
    matches: /does not support SSL/,
    why: () => 'it does not speak TLS, which the sslmode of its URL asks for',
    next: 'turn TLS on in the server, or correct sslmode in scalar.db.contact_points',
  },
  {
    matches: /ALTNAME/,
    why: () => 'its certificate is for another host name',
    next: 'name it as its certificate does, or use sslmode=verify-ca',
  },
  {
    matches: /^CERT_HAS_EXPIRED/,
    why: () => 'its certificate has expired',
    next: 'renew the certificate of the server',
  },
  {
    matches: /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/,
    why: () => 'its certificate is not signed by the authority in sslrootcert',
    next: "give that authority's certificate as sslrootcert, mounted in the worker as well",
  },
]
