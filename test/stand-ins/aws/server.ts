import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Calls } from '../cloud/calls.ts'
import { actUnderFault, FaultCounts } from '../cloud/faults.ts'
import { admit, webhookPath } from '../cloud/identity/pod-webhook.ts'
import { authenticate, type Caller } from './service/authentication.ts'
import { authorize, refuseByPolicies, rightsOf, tablesNamed } from './service/authorization.ts'
import { autoscalingOperations } from './tables/autoscaling-operations.ts'
import { backupOperations } from './recovery/backup-operations.ts'
import type { Call } from './call.ts'
import { continuousBackupOperations } from './recovery/continuous-backups.ts'
import { AwsError } from './service/errors.ts'
import { errorOf, internalError, isOf } from './service/faults.ts'
import { itemOperations } from './items/item-operations.ts'
import { kinesisOperations } from './tables/kinesis-destinations.ts'
import type { InstanceServers } from './relational/instance.ts'
import { rdsPath } from './relational/rds-path.ts'
import { restoreOperations } from './recovery/restore-operations.ts'
import { podRole } from './service/pod-role.ts'
import type { Context, Operation, Service } from './service/service.ts'
import { stsPath } from './service/sts.ts'
import type { Fault } from './settings.ts'
import { featureOperations } from './tables/table-features.ts'
import { tableOperations } from './tables/table-operations.ts'

const dynamodb: Record<string, Operation> = {
  ...tableOperations,
  ...backupOperations,
  ...continuousBackupOperations,
  ...restoreOperations,
  ...featureOperations,
  ...kinesisOperations,
  ...itemOperations,
}

/** What is behind an endpoint. The real ones are told apart by their hosts, these by their paths. */
interface Endpoint {
  service: 'dynamodb' | 'application-autoscaling'
  /** what the header of a call begins with */
  front: string
  operations: Record<string, Operation>
  /** the only one that it serves; undefined where it serves all, as the names do that the SDK makes of regions */
  region: string | undefined
  contentType: string
}

function endpointOf(path: string, homeRegion: string): Endpoint {
  const of = path.split('/')[1] ?? ''
  if (of === 'application-autoscaling')
    return {
      service: 'application-autoscaling',
      front: 'AnyScaleFrontendService',
      operations: autoscalingOperations,
      region: undefined,
      contentType: 'application/x-amz-json-1.1',
    }
  return {
    service: 'dynamodb',
    front: 'DynamoDB_20120810',
    operations: dynamodb,
    region: of === 'any-region' ? undefined : of === '' ? homeRegion : of,
    contentType: 'application/x-amz-json-1.0',
  }
}

/** Answers whatever is asked of AWS. */
export function awsAnswers(service: Service, calls: Calls<Call>, instanceServers: InstanceServers | undefined) {
  const counts = new FaultCounts<Fault>()
  const sts = stsPath({ service, calls })
  const rds = rdsPath({ service, calls, servers: instanceServers })

  return async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    if (request.url?.split('?')[0] === webhookPath) {
      const review = JSON.parse(body.toString()) as Record<string, unknown>
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(admit(review, (account) => podRole(service.settings, account))))
      return
    }
    if ((await sts(request, response, body)) || (await rds(request, response, body))) return
    const atMs = service.clock.now()
    const began = performance.now()
    const { settings } = service
    const endpoint = endpointOf(request.url ?? '/', settings.homeRegion)
    const [front, operation = ''] = String(request.headers['x-amz-target'] ?? '').split('.')
    const input = JSON.parse(body.toString() || '{}') as Record<string, unknown>
    const call: Call = {
      atMs,
      tookMs: 0,
      accessKey: '',
      region: '',
      operation,
      tables: tablesNamed(input),
      rights: [],
      input: undefined,
      status: undefined,
      error: undefined,
      fault: undefined,
    }
    if (!(operation in itemOperations)) call.input = input

    const act = async (caller: Caller): Promise<object> => {
      const region = service.region(caller.account, caller.region)
      const rights = rightsOf(endpoint.service, operation, input, caller, (source) => {
        const { encryption } = region.backups.get(source)?.carried ?? region.tables.get(source) ?? {}
        return encryption?.Enabled === true ? encryption.KMSMasterKeyId : undefined
      })
      call.rights = rights.map(({ action }) => action)
      authorize(rights, caller, settings)
      const act = endpoint.operations[operation]
      if (act === undefined) throw new AwsError('UnknownOperationException', `no operation ${operation}`)
      const context: Context = { service, region }
      if (endpoint.service === 'dynamodb')
        refuseByPolicies(operation, input, caller, (name) => {
          const table = context.region.tables.get(name)
          return table && { arn: table.arn, policy: table.policy?.text }
        })
      service.checkRate(context.region, operation)
      return await act(input as never, context)
    }

    let result: { status: number; body: object } | undefined
    try {
      if (front !== endpoint.front)
        throw new AwsError('UnknownOperationException', `${front} is not behind the endpoint of ${endpoint.service}`)
      const caller = authenticate(request, body, endpoint, service)
      call.accessKey = caller.accessKey
      call.region = caller.region
      const fault = counts.strike(settings.faults, isOf(call))
      call.fault = fault?.effect
      const error = fault === undefined ? undefined : errorOf(fault)
      const done = await actUnderFault({ fault, error, internalError, act: () => act(caller) })
      if (done !== undefined) result = { status: 200, body: done }
    } catch (error) {
      const lost = call.fault === 'lost-answer' && error instanceof AwsError
      const known = error instanceof AwsError ? error : internalError()
      if (!(error instanceof AwsError)) service.timers.problems.push(error)
      call.error = known.code
      if (!lost) result = { status: known.status, body: known.body }
    }
    call.tookMs = performance.now() - began
    call.status = result?.status
    calls.add(call)
    if (result === undefined) {
      request.socket.destroy()
      return
    }
    response.writeHead(result.status, {
      'content-type': endpoint.contentType,
      'x-amzn-requestid': randomUUID(),
      date: new Date(service.clock.now()).toUTCString(),
    })
    response.end(JSON.stringify(result.body))
  }
}
