import * as z from 'zod'
import { faultRule } from '../cloud/faults.ts'
import { glob, phase, type Changes } from '../cloud/settings.ts'

const phases = z.strictObject({
  /** CreateTable: CREATING → ACTIVE */
  createTable: phase.default(100),
  /** DeleteTable: DELETING → gone */
  deleteTable: phase.default(100),
  /** UpdateTable: UPDATING → ACTIVE */
  updateTable: phase.default(50),
  /** an index added to a table: CREATING → ACTIVE */
  createIndex: phase.default(150),
  deleteIndex: phase.default(100),
  /** RestoreTableToPointInTime and RestoreTableFromBackup: CREATING → ACTIVE */
  restore: phase.default(200),
  /** CreateBackup: CREATING → AVAILABLE */
  createBackup: phase.default(100),
  /** UpdateTimeToLive: ENABLING → ENABLED */
  timeToLive: phase.default(50),
  contributorInsights: phase.default(50),
  /** CreateDBInstance and RestoreDBInstanceToPointInTime: creating → backing-up */
  createInstance: phase.default(100),
  restoreInstance: phase.default(200),
  /** backing-up → modifying */
  backUpInstance: phase.default(50),
  /** after ModifyDBInstance, for how long an instance is still told as available */
  modifyBegins: phase.default(0),
  /** modifying → available */
  modifyInstance: phase.default(50),
  /** deleting → gone */
  deleteInstance: phase.default(100),
  /** after a table is asked for, until DescribeTable and ListTables know of it */
  appearance: phase.default(0),
  /**
   * after a table is told to go, for how long DescribeTable still tells what it told before; of whatever takes its
   * name, too
   */
  disappearance: phase.default(0),
  /** after a backup is begun, until ListBackups knows of it */
  backupAppearance: phase.default(0),
  /** after a table is ACTIVE, until its backups can be spoken of at all */
  continuousBackups: phase.default(0),
})

/** Quotas; a test with many tables may raise those that cost it time. */
const limits = z.strictObject({
  tables: z.number().default(2500),
  concurrentRestores: z.number().default(50),
  concurrentTableOperations: z.number().default(500),
  concurrentTableOperationsWithIndexes: z.number().default(250),
  /** calls a second of each operation, across a region; what is not named is not limited */
  ratePerSecond: z.record(z.string(), z.number()).default({
    CreateBackup: 50,
    DeleteBackup: 10,
    DescribeBackup: 10,
    DescribeContinuousBackups: 10,
    ListBackups: 5,
    ListTagsOfResource: 10,
    RestoreTableFromBackup: 10,
    TagResource: 5,
    UntagResource: 5,
  }),
})

/** What goes wrong with calls that match. */
const fault = z.strictObject({
  operation: glob.default('*'),
  /** the table, the restore's target or the backup's ARN; a call that names none is matched by * alone */
  table: glob.default('*'),
  region: glob.default('*'),
  ...faultRule,
  /**
   * throttle, internal (500), unavailable (503), reset (connection closed before anything happens), lost-answer (closed
   * after it happened), lost-answer-500 (answered with 500 after it happened), expired (ExpiredTokenException), error
   * (the given one)
   */
  effect: z.enum([
    'throttle',
    'throughput',
    'internal',
    'unavailable',
    'reset',
    'lost-answer',
    'lost-answer-500',
    'expired',
    'error',
    'delay',
  ]),
})

/** What IAM calls an identity-based policy, of statements that allow. */
const policy = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.strictObject({
      Sid: z.string(),
      Effect: z.literal('Allow'),
      Action: z.array(z.string()),
      Resource: z.string(),
    }),
  ),
})

const key = z.strictObject({
  account: z
    .string()
    .regex(/^\d{12}$/)
    .default('123456789012'),
  /** checked against the signature where it is given */
  secret: z.string().optional(),
  sessionToken: z.string().optional(),
  /** by the stand-in's clock, ms since 1970; afterwards ExpiredTokenException */
  expiresAtMs: z.number().optional(),
  /** all that it may do at DynamoDB and Application Auto Scaling; absent: everything */
  policies: z.array(policy).optional(),
})

const denial = z.strictObject({
  /** such as dynamodb:DeleteTable or application-autoscaling:*; * stands for any characters */
  action: z.string(),
  /** of the table */
  table: glob.default('*'),
})

/** Of which cluster's ServiceAccount a role may be taken, as its trust policy says. */
const trustPolicy = z.strictObject({
  issuer: z.string(),
  /** the issuer's public keys, as JWK */
  keys: z.array(z.record(z.string(), z.unknown())),
  /** system:serviceaccount:NAMESPACE:NAME */
  subject: z.string(),
})

/** A role that pods may take. */
const role = z.strictObject({
  /** of ServiceAccounts, with the time at which each expires by the stand-in's clock, ms since 1970 */
  tokens: z.record(z.string(), z.number().nullable()).default({}),
  /** a cluster's own tokens may take it as well */
  trustPolicy: trustPolicy.optional(),
  /** how long what is given for one is good, ms */
  sessionMs: z.number().default(3_600_000),
})

/** What is so of RDS. */
const relational = z.strictObject({
  /** quota of DB instances of an account in one region */
  instances: z.number().default(40),
  /** quota of DB clusters of an account in one region */
  clusters: z.number().default(40),
  /** parameter, option, subnet and security groups that are not there any more */
  gone: z.array(z.string()).default([]),
  /** networks (VPC) of subnet groups, by their names; all others are in vpc-1, as security groups are */
  networks: z.record(z.string(), z.string()).default({}),
  /** what becomes of instances that are restored, such as incompatible-network; absent: available */
  failRestoresAs: z.string().optional(),
})

/** Everything that can be set, at the start and while it runs. */
export const settingsSchema = z.strictObject({
  phases: phases.prefault({}),
  limits: limits.prefault({}),
  /** how far LatestRestorableDateTime trails the clock, ms; about five minutes at AWS */
  restorableLagMs: z.number().min(0).default(2_000),
  /** a backup of a table under writes has of each item any state of this long before and after the request, ms */
  backupSkewMs: z.number().min(0).default(60_000),
  /** which moment of the second it names a restore takes: any (drawn for each restore), its start or its end */
  restoreMoment: z.enum(['any', 'start', 'end']).default('any'),
  /** the service's clock minus this machine's, ms */
  clockOffsetMs: z.number().default(0),
  /** access keys that exist; without it every one does, and signatures are not checked */
  keys: z.record(z.string(), key).optional(),
  /** by ARN, whose account it is of */
  roles: z.record(z.string(), role).default({}),
  /** Secret of a pod's namespace whose ca.crt the webhook has pods with a role trust */
  trust: z.string().optional(),
  /** the region behind the endpoint `/`; every other is behind `/<region>` */
  homeRegion: z.string().default('eu-west-1'),
  /** regions that exist; without it every one does */
  regions: z.array(z.string()).optional(),
  relational: relational.prefault({}),
  denied: z.array(denial).default([]),
  faults: z.array(fault).default([]),
})

export type Policy = z.output<typeof policy>
export type Key = z.output<typeof key>
export type Role = z.output<typeof role>
export type AwsSettings = z.output<typeof settingsSchema>
export type Fault = z.output<typeof fault>

/** Changes of settings; groups are merged, everything else is replaced. */
export type AwsChanges = Changes<z.input<typeof settingsSchema>>

/** @throws ZodError where a change is not one */
export function changed(
  settings: AwsSettings,
  { phases: phaseChanges, limits: limitChanges, relational: relationalChanges, ...others }: AwsChanges,
): AwsSettings {
  return settingsSchema.parse({
    ...settings,
    ...others,
    phases: { ...settings.phases, ...phaseChanges },
    limits: { ...settings.limits, ...limitChanges },
    relational: { ...settings.relational, ...relationalChanges },
  })
}
