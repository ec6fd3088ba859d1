import * as z from 'zod'
import { faultRule } from '../cloud/faults.ts'
import { glob, phase, type Changes } from '../cloud/settings.ts'

const phases = z.strictObject({
  createAccount: phase.default(120_000),
  updateAccount: phase.default(60_000),
  deleteAccount: phase.default(180_000),
  /** adding or removing regions */
  changeRegions: phase.default(300_000),
  restore: phase.default(720_000),
  /** writing and deleting databases, containers, procedures, throughput, role assignments */
  writeResource: phase.default(30_000),
  /** retrieveContinuousBackupInformation */
  backupInformation: phase.default(30_000),
  /** building the indexes of a restored container, or of one whose indexing policy was changed */
  buildIndexes: phase.default(60_000),
  createServer: phase.default(300_000),
  restoreServer: phase.default(720_000),
  updateServer: phase.default(120_000),
  restartServer: phase.default(60_000),
  deleteServer: phase.default(60_000),
  writeFirewallRule: phase.default(20_000),
  writeConfiguration: phase.default(20_000),
  writeAdministrator: phase.default(20_000),
  /** after a flexible server is asked for, until GET knows of it */
  serverAppearance: phase.default(0),
})

/** What goes wrong with calls that match. */
const fault = z.strictObject({
  /** as roles name it, such as Microsoft.DocumentDB/databaseAccounts/write; `token` for a token */
  action: glob.default('*'),
  method: glob.default('*'),
  /** or flexible server; a call that names none is matched by * alone */
  account: glob.default('*'),
  ...faultRule,
  /**
   * throttle (429), internal (500), unavailable (503), expired (401), reset (connection closed before anything
   * happens), lost-answer (closed after it happened), lost-answer-500 (answered with 500 after it happened), error (the
   * given one), fail-operation (the long operation that the call begins fails, with the given error), delay
   */
  effect: z.enum([
    'throttle',
    'internal',
    'unavailable',
    'expired',
    'reset',
    'lost-answer',
    'lost-answer-500',
    'error',
    'fail-operation',
    'delay',
  ]),
  /** of throttle and unavailable, s */
  retryAfterS: z.number().int().min(0).optional(),
})

/** An application of Entra ID and the ServiceAccount that may take its tokens. */
const identity = z.strictObject({
  tenant: z.string(),
  /** `system:serviceaccount:NAMESPACE:NAME`, of the token's `sub` */
  subject: glob.default('*'),
  /** of the token's `iss` */
  issuer: glob.default('*'),
  /** the issuer's public keys, as it publishes them (JWKS); without them no signature is looked at */
  keys: z.array(z.record(z.string(), z.json())).optional(),
  /** what it may do, as role definitions say it; `scope` as an id, of which it is the beginning */
  roles: z
    .array(
      z.strictObject({
        scope: z.string().default('/'),
        actions: z.array(z.string()),
        notActions: z.array(z.string()).default([]),
      }),
    )
    .optional(),
})

/** Everything that can be set, at the start and while it runs. */
export const settingsSchema = z.strictObject({
  phases: phases.prefault({}),
  /** how many times faster than Azure it is; of phases and of `restorableLagMs` */
  timeScale: z.number().positive().default(1_000),
  /** after how long writes are in the backup, ms at Azure: within 100 s */
  restorableLagMs: z.number().min(0).default(100_000),
  /** after how long the log of a flexible server is in the backup, ms at Azure: up to 15 minutes */
  serverLogLagMs: z.number().min(0).default(900_000),
  /** flexible servers that there may be at once; without it as many as anybody likes */
  serverQuota: z.number().int().min(0).optional(),
  /** the clock of the data and its backups minus this machine's, ms */
  clockOffsetMs: z.number().default(0),
  /** `Date` of the data plane's answers minus the clock of the data, ms */
  dataDateOffsetMs: z.number().default(0),
  /** `Date` of ARM's answers minus this machine's clock, ms */
  managementDateOffsetMs: z.number().default(0),
  /** which moment of the second it names a restore takes: any (drawn for each restore), its start or its end */
  restoreMoment: z.enum(['any', 'start', 'end']).default('any'),
  /** whether entries of restorable accounts name their regions; the real one leaves them out at times */
  restorableLocations: z.enum(['listed', 'empty']).default('listed'),
  /** what a restored account has of its source's throughput: kept, or the default of a new database or container */
  restoredThroughput: z.enum(['kept', 'default']).default('default'),
  /** s; sent with every answer about a long operation that goes on; the real one was not seen to send any */
  pollAfterS: z.number().int().min(0).optional(),
  /** how many of a list ARM answers at once; all without it */
  pageSize: z.number().int().min(1).optional(),
  /** by client id; without it every client may take tokens and do everything */
  identities: z.record(z.string(), identity).optional(),
  /** Secret of a pod's namespace whose ca.crt the webhook has pods with an identity trust */
  trust: z.string().optional(),
  /** how long an access token is good, ms; not scaled */
  tokenLifetimeMs: z.number().min(0).default(3_600_000),
  /** names of accounts and flexible servers that somebody else in Azure has */
  takenNames: z.array(z.string()).default([]),
  /** how the data plane is reached: from an address, or by an approved private endpoint */
  network: z
    .union([z.strictObject({ address: z.ipv4() }), z.literal('private endpoint')])
    .default({ address: '203.0.113.7' }),
  /**
   * where clients find the data plane of an account; {account} also stands for one of its regions, as in `my-westus`.
   * Without it `<endpoint>/accounts/{account}/`. A host `<account>.documents.…` leads to the account as well.
   */
  documentEndpoint: z.string().optional(),
  faults: z.array(fault).default([]),
})

export type AzureSettings = z.output<typeof settingsSchema>
export type Fault = z.output<typeof fault>
export type PhaseName = keyof AzureSettings['phases']

/** Changes of settings; phases are merged, everything else is replaced. */
export type AzureChanges = Changes<z.input<typeof settingsSchema>>

/** @throws ZodError where a change is not one */
export function changed(settings: AzureSettings, { phases: some, ...others }: AzureChanges): AzureSettings {
  return settingsSchema.parse({ ...settings, ...others, phases: { ...settings.phases, ...some } })
}
