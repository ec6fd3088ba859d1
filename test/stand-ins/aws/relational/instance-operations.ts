import { AwsError } from '../service/errors.ts'
import {
  arnOf,
  defaultSettings,
  described,
  newResourceId,
  type Instance,
  type InstanceServer,
  type Settings,
} from './instance.ts'
import { listOf, needed, settingsIn, text, windowOf, type Asked } from './instances.ts'
import type { Parameters, Value } from './query-protocol.ts'

export type RelationalOperation = (parameters: Parameters, asked: Asked) => { [name: string]: Value }

const versions: Record<string, string> = { postgres: '15.10', mysql: '8.0.40' }
const dayMs = 86_400_000

export const instanceOperations: Record<string, RelationalOperation> = {
  CreateDBInstance(parameters, asked) {
    const { caller, service, servers } = asked
    const id = freeIdentifier(needed(parameters, 'DBInstanceIdentifier'), asked)
    const engine = needed(parameters, 'Engine')
    const engineVersion = text(parameters, 'EngineVersion') ?? versions[engine] ?? '1.0'
    const one = newInstance({ id, engine, engineVersion }, asked)
    one.masterUsername = needed(parameters, 'MasterUsername')
    one.dbName = text(parameters, 'DBName')
    one.encrypted = text(parameters, 'StorageEncrypted') === 'true'
    one.kmsKey = one.encrypted ? `arn:aws:kms:${caller.region}:${caller.account}:key/k-1` : undefined
    one.settings = { ...one.settings, ...settingsIn(parameters, one, service) }
    const login = { username: one.masterUsername, password: needed(parameters, 'MasterUserPassword') }
    begin(one, asked, 'createInstance', async () => await servers?.create(login))
    return { DBInstance: told(one, asked) }
  },

  DescribeDBInstances(parameters, asked) {
    const { caller, instances } = asked
    const id = text(parameters, 'DBInstanceIdentifier')
    const found = id === undefined ? instances.of(caller) : [instances.get(caller, id)]
    return { DBInstances: found.map((one) => told(one, asked)) }
  },

  DescribeDBInstanceAutomatedBackups(parameters, { caller, instances, service }) {
    const resource = text(parameters, 'DbiResourceId')
    const id = text(parameters, 'DBInstanceIdentifier')?.toLowerCase()
    const fits = (one: Instance) =>
      one.settings.DBClusterIdentifier === undefined &&
      (resource === undefined || one.resourceId === resource) &&
      (id === undefined || one.id === id)
    const active = instances.of(caller).filter((one) => fits(one) && one.settings.BackupRetentionPeriod > 0)
    const retained = instances.retainedOf(caller).filter(({ instance }) => fits(instance))
    return {
      DBInstanceAutomatedBackups: [
        ...active.map((one) => backupOf(one, 'active', windowOf(one, service))),
        ...retained.map(({ instance, untilMs }) =>
          backupOf(instance, 'retained', { ...retainedWindow(instance, untilMs) }),
        ),
      ],
    }
  },

  ModifyDBInstance(parameters, asked) {
    const { caller, instances, service } = asked
    const one = instances.get(caller, needed(parameters, 'DBInstanceIdentifier'))
    refuseUnless(one, ['available'], 'modified')
    const logs = parameters['CloudwatchLogsExportConfiguration']
    const wanted = settingsIn(parameters, one, service)
    const changes: Partial<Settings> = {
      ...wanted,
      ...(typeof logs === 'object' && !Array.isArray(logs) ? { logs: changedLogs(one.settings.logs, logs) } : {}),
    }
    one.pending = changes
    // Told as available for some time yet.
    service.timers.after(['modifyBegins', one.id], () => {
      one.status = 'modifying'
      service.timers.background(
        ['modifyInstance', one.id],
        () => Promise.resolve(),
        () => {
          one.settings = { ...one.settings, ...changes }
          one.pending = undefined
          one.status = 'available'
        },
      )
    })
    return { DBInstance: told(one, asked) }
  },

  DeleteDBInstance(parameters, asked) {
    const { caller, instances, service } = asked
    const one = instances.get(caller, needed(parameters, 'DBInstanceIdentifier'))
    const snapshot = text(parameters, 'FinalDBSnapshotIdentifier')
    const skips = text(parameters, 'SkipFinalSnapshot') === 'true'
    if (one.status === 'deleting')
      throw new AwsError('InvalidDBInstanceState', `Instance ${one.id} is already being deleted.`)
    if (one.settings.DeletionProtection)
      throw new AwsError(
        'InvalidParameterCombination',
        'Cannot delete protected DB Instance, please disable deletion protection and try again.',
      )
    if (skips === (snapshot !== undefined))
      throw new AwsError(
        'InvalidParameterCombination',
        'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
      )
    if (snapshot !== undefined) {
      if (instances.snapshots.some(({ id }) => id === snapshot))
        throw new AwsError('DBSnapshotAlreadyExists', `Cannot create the snapshot because ${snapshot} already exists.`)
      refuseUnless(one, ['available'], 'deleted with a final snapshot')
      instances.snapshots.push({ id: snapshot, instance: one.id, ...placeOf(one), atMs: service.clock.now() })
    }
    one.status = 'deleting'
    const keeps = text(parameters, 'DeleteAutomatedBackups') === 'false' && one.settings.BackupRetentionPeriod > 0
    const untilMs = service.clock.now()
    service.timers.background(
      ['deleteInstance', one.id],
      () => Promise.resolve(),
      () => {
        instances.remove(one)
        if (keeps) instances.retain({ instance: one, untilMs })
        else void one.server?.stop()
      },
    )
    return { DBInstance: told(one, asked) }
  },

  /** At once; its database serves on behind it. */
  StopDBInstance(parameters, asked) {
    const one = asked.instances.get(asked.caller, needed(parameters, 'DBInstanceIdentifier'))
    refuseUnless(one, ['available'], 'stopped')
    one.status = 'stopped'
    return { DBInstance: told(one, asked) }
  },

  StartDBInstance(parameters, asked) {
    const one = asked.instances.get(asked.caller, needed(parameters, 'DBInstanceIdentifier'))
    refuseUnless(one, ['stopped'], 'started')
    one.status = 'available'
    return { DBInstance: told(one, asked) }
  },

  DescribeDBSnapshots(parameters, { caller, instances }) {
    const id = text(parameters, 'DBSnapshotIdentifier')
    const found = instances.snapshots.filter(
      (one) => one.account === caller.account && one.region === caller.region && (id === undefined || one.id === id),
    )
    if (id !== undefined && found.length === 0)
      throw new AwsError('DBSnapshotNotFound', `DBSnapshot ${id} not found.`, 404)
    return {
      DBSnapshots: found.map(({ id, instance, atMs }) => ({
        DBSnapshotIdentifier: id,
        DBInstanceIdentifier: instance,
        SnapshotCreateTime: new Date(atMs),
        Status: 'available',
      })),
    }
  },

  AddRoleToDBInstance(parameters, { caller, instances }) {
    const one = instances.get(caller, needed(parameters, 'DBInstanceIdentifier'))
    refuseUnless(one, ['available'], 'given a role')
    const role = { RoleArn: needed(parameters, 'RoleArn'), FeatureName: needed(parameters, 'FeatureName') }
    if (one.settings.roles.some(({ RoleArn }) => RoleArn === role.RoleArn))
      throw new AwsError('DBInstanceRoleAlreadyExists', `Role ARN ${role.RoleArn} is already associated.`)
    one.settings = { ...one.settings, roles: [...one.settings.roles, role] }
    return {}
  },
}

/** @throws AwsError DBInstanceAlreadyExists, InvalidParameterValue, InstanceQuotaExceeded */
export function freeIdentifier(asIs: string, { caller, instances, service }: Asked): string {
  const id = asIs.toLowerCase()
  if (!/^[a-z](-?[a-z0-9]){0,62}$/.test(id))
    throw new AwsError('InvalidParameterValue', `The parameter DBInstanceIdentifier is not a valid identifier: ${id}`)
  if (instances.find(caller, id) !== undefined)
    throw new AwsError('DBInstanceAlreadyExists', 'DB instance already exists')
  if (instances.of(caller).length >= service.settings.relational.instances)
    throw new AwsError('InstanceQuotaExceeded', 'Cannot create more than the quota of DB instances allows.')
  return id
}

export function newInstance(
  of: Pick<Instance, 'id' | 'engine' | 'engineVersion'>,
  { caller, instances, service }: Asked,
): Instance {
  const one: Instance = {
    ...of,
    resourceId: newResourceId(),
    account: caller.account,
    region: caller.region,
    masterUsername: '',
    dbName: undefined,
    encrypted: false,
    kmsKey: undefined,
    status: 'creating',
    createdMs: service.clock.now(),
    backedUpFromMs: undefined,
    server: undefined,
    settings: defaultSettings(of),
    pending: undefined,
  }
  instances.add(one)
  return one
}

/** Creating, then backing-up, then modifying, then available, as the console shows an instance that is made. */
export function begin(
  one: Instance,
  { service }: Asked,
  phase: 'createInstance' | 'restoreInstance',
  serve: () => Promise<InstanceServer | undefined>,
): void {
  const failsAs = phase === 'restoreInstance' ? service.settings.relational.failRestoresAs : undefined
  const make = async () => {
    if (failsAs === undefined) one.server = (await serve()) ?? nowhere
  }
  service.timers.background([phase, one.id], make, () => {
    if (failsAs !== undefined) {
      one.status = failsAs
      return
    }
    one.status = 'backing-up'
    service.timers.background(
      ['backUpInstance', one.id],
      () => Promise.resolve(),
      () => {
        if (one.settings.BackupRetentionPeriod > 0) one.backedUpFromMs = service.clock.now()
        one.status = 'modifying'
        service.timers.after(['modifyInstance', one.id], () => {
          if (one.status === 'modifying') one.status = 'available'
        })
      },
    )
  })
}

/** An endpoint at which nobody answers, for what is about settings alone. */
const nowhere: InstanceServer = { host: '127.0.0.1', port: 1, stop: () => Promise.resolve() }

export function told(one: Instance, { service }: Pick<Asked, 'service'>): Value {
  return described(one, windowOf(one, service)?.latestMs)
}

/** @throws AwsError InvalidDBInstanceState */
export function refuseUnless(one: Instance, states: readonly string[], what: string): void {
  if (states.includes(one.status)) return
  throw new AwsError('InvalidDBInstanceState', `Instance ${one.id} cannot be ${what} while it is ${one.status}.`)
}

function backupOf(one: Instance, status: string, window: { earliestMs: number; latestMs: number } | undefined): Value {
  return {
    DBInstanceIdentifier: one.id,
    DbiResourceId: one.resourceId,
    DBInstanceArn: arnOf(one),
    DBInstanceAutomatedBackupsArn: `arn:aws:rds:${one.region}:${one.account}:auto-backup:ab-${one.resourceId.slice(3)}`,
    Region: one.region,
    Engine: one.engine,
    EngineVersion: one.engineVersion,
    Status: window === undefined ? 'creating' : status,
    BackupRetentionPeriod: one.settings.BackupRetentionPeriod,
    RestoreWindow:
      window === undefined ? {} : { EarliestTime: new Date(window.earliestMs), LatestTime: new Date(window.latestMs) },
  }
}

/** The past of an instance that is gone, up to when it went. */
export function retainedWindow(one: Instance, untilMs: number): { earliestMs: number; latestMs: number } {
  const earliestMs = Math.max(one.backedUpFromMs ?? untilMs, untilMs - one.settings.BackupRetentionPeriod * dayMs)
  return { earliestMs, latestMs: Math.floor(untilMs / 1000) * 1000 }
}

function placeOf({ account, region }: Instance) {
  return { account, region }
}

function changedLogs(present: readonly string[], logs: Parameters): readonly string[] {
  const [off, on] = [listOf(logs, 'DisableLogTypes') ?? [], listOf(logs, 'EnableLogTypes') ?? []]
  return [...new Set([...present.filter((one) => !off.includes(one)), ...on.map(String)])]
}
