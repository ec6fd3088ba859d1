import type { Container, Script, ScriptKind } from '../accounts/container.ts'
import { AzureError, badRequest } from '../service/errors.ts'
import { writeScript } from '../management/scripts.ts'
import type { DataAnswer } from './data-plane.ts'
import { partitionAsked } from './items.ts'
import { execute } from './procedure.ts'
import { absent, bodyOf, containerOf, feed, isQuery, type DataRequest } from './request.ts'
import { checkMetadataWrite } from './resources.ts'

const feedNames: Record<ScriptKind, string> = {
  sprocs: 'StoredProcedures',
  triggers: 'Triggers',
  udfs: 'UserDefinedFunctions',
}

const view = (container: Container, kind: ScriptKind, script: Script) => ({
  id: script.id,
  body: script.body,
  ...(script.triggerType !== undefined && {
    triggerType: script.triggerType,
    triggerOperation: script.triggerOperation,
  }),
  _rid: script.rid,
  _self: `dbs/-/colls/${container.rid}/${kind}/${script.rid}/`,
  _etag: script.etag,
  _ts: script.ts,
})

function run(request: DataRequest, container: Container, { body }: Script): DataAnswer {
  const partition = partitionAsked(request)
  if (partition === undefined) throw badRequest('PartitionKey value must be supplied for this operation.')
  const given = JSON.parse(request.call.text || '[]') as unknown[]
  const result = execute(container, { body, partition, given, atMs: request.service.now() })
  return { status: 200, body: result ?? '""' }
}

/** `sprocs`, `triggers` and `udfs`, what is in them, and the execution of a procedure. */
export function answerScripts(request: DataRequest, kind: ScriptKind): DataAnswer {
  const { service, call, segments } = request
  const container = containerOf(request)
  const scripts = container.scripts[kind]
  if (segments.length === 5) {
    if (call.method === 'GET' || isQuery(request)) {
      const rows = [...scripts.values()].map((script) => view(container, kind, script))
      return feed(request, feedNames[kind], rows, container.rid)
    }
    checkMetadataWrite(request)
    const asked = bodyOf(request)
    if (scripts.has(String(asked['id'])))
      throw new AzureError(409, 'Conflict', 'Resource with specified id or name already exists.')
    return { status: 201, body: view(container, kind, writeScript(container, kind, asked, service.now())) }
  }
  const script = scripts.get(segments[5] ?? '')
  if (script === undefined) throw absent()
  switch (call.method) {
    case 'GET':
      return { status: 200, body: view(container, kind, script) }
    case 'POST':
      return run(request, container, script)
    case 'DELETE':
      checkMetadataWrite(request)
      scripts.delete(script.id)
      return { status: 204 }
    default:
      checkMetadataWrite(request)
      return { status: 200, body: view(container, kind, writeScript(container, kind, bodyOf(request), service.now())) }
  }
}
