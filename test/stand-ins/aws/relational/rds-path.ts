// Room: Amazon RDS and Aurora: DB instances and clusters, each a real PostgreSQL where one is asked for, restored to a
// time.
// Read rds-path, instance, instances, instance-operations, restore-operations, cluster, clusters, cluster-operations,
// group-operations.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Calls } from '../../cloud/calls.ts'
import { actUnderFault, FaultCounts } from '../../cloud/faults.ts'
import { matches } from '../../cloud/glob.ts'
import type { Call } from '../call.ts'
import { authenticate, type Caller } from '../service/authentication.ts'
import { AwsError } from '../service/errors.ts'
import { errorOf, internalError, isOf } from '../service/faults.ts'
import type { Service } from '../service/service.ts'
import type { Fault } from '../settings.ts'
import type { InstanceServers } from './instance.ts'
import { clusterOperations } from './cluster-operations.ts'
import { Clusters } from './clusters.ts'
import { groupOperations } from './group-operations.ts'
import { instanceOperations } from './instance-operations.ts'
import { Instances, text, type Asked } from './instances.ts'
import { parametersOf, xmlOf, type Parameters } from './query-protocol.ts'
import { restoreOperations } from './restore-operations.ts'

export const rdsPathName = '/rds'

const operations = { ...instanceOperations, ...restoreOperations, ...groupOperations, ...clusterOperations }

/** The query protocol's names of what AWS's front answers (AWS: common errors). */
const queryCodes: Record<string, string> = {
  AccessDeniedException: 'AccessDenied',
  ExpiredTokenException: 'ExpiredToken',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  ThrottlingException: 'Throttling',
  UnrecognizedClientException: 'InvalidClientTokenId',
  InternalServerError: 'InternalFailure',
}

interface RdsOptions {
  service: Service
  calls: Calls<Call>
  /** absent: nobody answers at the endpoints of instances */
  servers: InstanceServers | undefined
}

/** RDS of all regions, by the query protocol. */
export function rdsPath({ service, calls, servers }: RdsOptions) {
  const instances = new Instances()
  const clusters = new Clusters()
  const counts = new FaultCounts<Fault>()
  return async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<boolean> => {
    if (request.url?.replace(/\/$/, '') !== rdsPathName) return false
    const [atMs, began] = [service.clock.now(), performance.now()]
    const form = new URLSearchParams(body.toString())
    const operation = form.get('Action') ?? ''
    const parameters = parametersOf(form)
    const named = ['TargetDBInstanceIdentifier', 'DBInstanceIdentifier', 'DBClusterIdentifier'].flatMap(
      (one) => text(parameters, one) ?? [],
    )
    let caller: Caller | undefined
    let error: AwsError | undefined
    let effect: string | undefined
    let answer: string | undefined
    try {
      caller = authenticate(request, body, { service: 'rds', region: undefined }, service)
      const by = caller
      const fault = counts.strike(service.settings.faults, isOf({ operation, tables: named, region: by.region }))
      effect = fault?.effect
      const struck = fault === undefined ? undefined : errorOf(fault)
      const act = async () => {
        authorize(operation, parameters, named, { service, caller: by })
        const asked: Asked = { caller: by, service, instances, clusters, servers }
        const act = operations[operation]
        if (act === undefined)
          throw new AwsError('InvalidAction', `Could not find operation ${operation} for version 2014-10-31`)
        return answerOf(operation, xmlOf(`${operation}Result`, act(parameters, asked)))
      }
      answer = await actUnderFault({ fault, error: struck, internalError, act })
    } catch (thrown) {
      if (!(thrown instanceof AwsError)) service.timers.problems.push(thrown)
      error = thrown instanceof AwsError ? thrown : internalError()
      answer = xmlError(error)
    }
    const gone = answer === undefined || effect === 'lost-answer'
    const { accessKey = '', region = '' } = caller ?? {}
    calls.add({
      atMs,
      tookMs: performance.now() - began,
      accessKey,
      region,
      operation,
      tables: named,
      rights: [],
      input: parameters,
      status: gone ? undefined : (error?.status ?? 200),
      error: error?.code,
      fault: effect,
    })
    if (gone) {
      request.socket.destroy()
      return true
    }
    response.writeHead(error?.status ?? 200, {
      'content-type': 'text/xml',
      'x-amzn-requestid': randomUUID(),
      date: new Date(service.clock.now()).toUTCString(),
    })
    response.end(answer)
    return true
  }
}

/**
 * @throws AwsError where an action that the call needs is denied: tags need a right of their own, and roles that an
 * instance is given need iam:PassRole (RDS: actions, resources and condition keys)
 */
function authorize(
  operation: string,
  parameters: Parameters,
  named: readonly string[],
  { service, caller }: { service: Service; caller: Caller },
): void {
  const passes = ['MonitoringRoleArn', 'RoleArn'].some((name) => text(parameters, name) !== undefined)
  const needed = [
    `rds:${operation}`,
    ...(parameters['Tags'] === undefined ? [] : ['rds:AddTagsToResource']),
    ...(passes ? ['iam:PassRole'] : []),
  ]
  for (const action of needed) {
    const denied = service.settings.denied.some(
      (denial) =>
        matches(denial.action, action) && (denial.table === '*' || named.some((id) => matches(denial.table, id))),
    )
    if (denied)
      throw new AwsError(
        'AccessDenied',
        `User: arn:aws:iam::${caller.account}:user/${caller.accessKey.toLowerCase()} is not authorized to perform: ` +
          `${action} on resource: arn:aws:rds:${caller.region}:${caller.account}:db:${named[0] ?? '*'} ` +
          `because no identity-based policy allows the ${action} action`,
        403,
      )
  }
}

const namespace = 'http://rds.amazonaws.com/doc/2014-10-31/'

function answerOf(operation: string, result: string): string {
  return (
    `<${operation}Response xmlns="${namespace}">${result}` +
    `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${operation}Response>`
  )
}

function xmlError({ code, message, status }: AwsError): string {
  const type = status < 500 ? 'Sender' : 'Receiver'
  const error = xmlOf('Error', { Type: type, Code: queryCodes[code] ?? code, Message: message })
  return `<ErrorResponse xmlns="${namespace}">${error}<RequestId>${randomUUID()}</RequestId></ErrorResponse>`
}
