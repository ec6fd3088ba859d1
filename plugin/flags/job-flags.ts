import type { Argv } from 'yargs'
import { parseDuration } from '../../operation/duration.ts'
import { groups } from './groups.ts'
import { defaultServiceAccount } from '../../operation/names.ts'

/** Where the images come from where the published registry cannot be reached. */
export function registryMirrorFlag<T>(yargs: Argv<T>) {
  return yargs.option('registry-mirror', {
    group: groups.job,
    type: 'string',
    requiresArg: true,
    describe: 'HOST[/PATH] in the place of ghcr.io, with the same images below it (`images` lists them)',
  })
}

/** The flags of every command that makes a Job: what it runs, as whom, and where. */
export function jobFlags<T>(yargs: Argv<T>) {
  return registryMirrorFlag(yargs)
    .option('image', {
      group: groups.job,
      type: 'string',
      requiresArg: true,
      describe:
        "the worker's image, by tag or digest; else the one of this version, " +
        'with database tools where the release needs them',
    })
    .option('image-pull-policy', {
      group: groups.job,
      choices: ['Always', 'IfNotPresent', 'Never'] as const,
      requiresArg: true,
      describe: 'when the kubelet pulls the image',
    })
    .option('image-pull-secret', {
      group: groups.job,
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Secret with credentials of the registry, repeatable',
    })
    .option('service-account', {
      group: groups.job,
      type: 'string',
      default: defaultServiceAccount,
      requiresArg: true,
      describe: 'ServiceAccount that `install` made',
    })
    .option('node-selector', {
      group: groups.job,
      type: 'string',
      array: true,
      requiresArg: true,
      describe: "KEY=VALUE that the worker's node must have, repeatable",
    })
    .option('toleration', {
      group: groups.job,
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'KEY[=VALUE][:EFFECT] of a taint to tolerate, repeatable',
    })
    .option('requests', {
      group: groups.job,
      type: 'string',
      requiresArg: true,
      describe: 'resource requests, like cpu=200m,memory=512Mi',
    })
    .option('limits', {
      group: groups.job,
      type: 'string',
      requiresArg: true,
      describe: 'resource limits, like cpu=2,memory=2Gi',
    })
    .option('env', {
      group: groups.job,
      type: 'string',
      array: true,
      requiresArg: true,
      describe:
        "NAME=VALUE of the worker's environment, like AWS_USE_FIPS_ENDPOINT=true; " +
        'everyone who may read Jobs sees it; repeatable',
    })
    .option('patch', {
      group: groups.job,
      type: 'string',
      requiresArg: true,
      describe: 'JSON merge patch (RFC 7386) for the Job, or @FILE with one in JSON or YAML; lists are replaced whole',
    })
    .option('ttl', {
      group: groups.job,
      type: 'string',
      default: '7d',
      requiresArg: true,
      describe: 'how long the finished Job and its log are kept; the record stays',
    })
    .option('name', {
      type: 'string',
      requiresArg: true,
      describe: 'name of the operation; made from the first release and the time unless given',
    })
}

/** The flags of every command that follows an operation to its end. */
export function waitFlags<T>(yargs: Argv<T>) {
  return (
    yargs
      .option('wait', {
        type: 'boolean',
        default: true,
        describe: 'follow the operation to its end; --wait=false returns when its Job is made',
      })
      .option('timeout', {
        type: 'string',
        requiresArg: true,
        describe: 'how long to follow, like 30m; the operation goes on afterwards (exit code 6)',
      })
      // here, so that no command is half-way through when it turns out to be none
      .check(({ timeout }) => timeout === undefined || parseDuration(timeout) >= 0)
  )
}

/** How the servers of a release are found and reached. */
export function targetFlags<T>(yargs: Argv<T>) {
  const found = yargs
    .option('service-url', {
      group: groups.servers,
      type: 'string',
      array: true,
      requiresArg: true,
      describe: "SRV name of the servers, resolved inside the cluster, in place of the releases' labels; repeatable",
    })
    .option('addresses', {
      group: groups.servers,
      type: 'string',
      array: true,
      requiresArg: true,
      describe: "HOST:PORT,… of the servers, in place of the releases' labels; repeatable",
    })
  return adminFlags(found)
}

/** How the admin interface of the servers is reached. */
export function adminFlags<T>(yargs: Argv<T>) {
  return yargs
    .option('admin-port', {
      group: groups.servers,
      type: 'number',
      requiresArg: true,
      describe: "port of the servers' admin interface; the product's own unless given",
    })
    .option('tls', { group: groups.servers, type: 'boolean', default: false, describe: 'speak TLS with the servers' })
    .option('tls-ca-file', {
      group: groups.servers,
      type: 'string',
      requiresArg: true,
      describe: 'local PEM file with the CA that signed their certificates; implies --tls',
    })
    .option('tls-ca-secret', {
      group: groups.servers,
      type: 'string',
      requiresArg: true,
      describe: 'Secret NAME[/KEY] with that CA, key ca.crt unless given; implies --tls',
    })
    .option('tls-authority', {
      group: groups.servers,
      type: 'string',
      requiresArg: true,
      describe: 'name that their certificates are made for, where it differs from their addresses; implies --tls',
    })
}

/** Whether somebody stands by to unpause if the worker cannot, and how long that may take to begin. */
export function guardFlag<T>(yargs: Argv<T>) {
  return yargs
    .option('guard', {
      group: groups.pausing,
      type: 'boolean',
      default: true,
      describe:
        'run a second Job that unpauses if the worker dies; ' +
        '--guard=false leaves that to a retry of the worker, which takes longer',
    })
    .option('guard-timeout', {
      group: groups.pausing,
      type: 'string',
      requiresArg: true,
      describe:
        'how long the guard may take to start before anything is paused; ' +
        '60s unless given, more where the cluster adds a node for it',
    })
    .option('guard-node-selector', {
      group: groups.pausing,
      type: 'string',
      array: true,
      requiresArg: true,
      describe: "KEY=VALUE that the guard's node must have, repeatable; --node-selector does not bind the guard",
    })
}

/** How long servers may drain and stay paused. */
export function pauseLimitFlags<T>(yargs: Argv<T>, defaultMaxPause: string) {
  return guardFlag(yargs)
    .option('max-pause', {
      group: groups.pausing,
      type: 'string',
      default: defaultMaxPause,
      requiresArg: true,
      describe: 'the longest that anything stays paused; then all is unpaused whatever the operation is doing',
    })
    .option('max-pause-wait', {
      group: groups.pausing,
      type: 'string',
      default: '30s',
      requiresArg: true,
      describe: 'how long the servers may take to finish requests in flight before they refuse to pause',
    })
}

/** What reaching the database takes beyond the release's own properties. */
export function databaseFlags<T>(yargs: Argv<T>) {
  return yargs
    .option('database-secret', {
      type: 'string',
      requiresArg: true,
      describe:
        'Secret with username, password and the hosts that it is for (or STORAGE.username and so on); ' +
        'they come before those of the properties',
    })
    .option('parallel', {
      type: 'number',
      default: 2,
      requiresArg: true,
      describe: 'connections per database for dumping or loading',
    })
}
