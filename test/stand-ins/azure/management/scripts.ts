import { newEtag, newRid, type Container, type Script, type ScriptKind } from '../accounts/container.ts'
import { regionKey } from '../accounts/regions.ts'
import { badRequest, partNotFound } from '../service/errors.ts'
import { accountOf, begin, type ArmHandler, type ArmRequest } from './request.ts'
import { containerOf, resourceOf } from './sql-resources.ts'

/** As ARM names what the data plane names otherwise. */
const kinds: Record<string, ScriptKind> = {
  storedprocedures: 'sprocs',
  triggers: 'triggers',
  userdefinedfunctions: 'udfs',
}

const view = (path: string, armType: string, { id, body, rid, etag, ts, triggerType, triggerOperation }: Script) => ({
  id: path,
  type: `Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/${armType}`,
  name: id,
  properties: {
    resource: {
      id,
      body,
      _rid: rid,
      _etag: etag,
      _ts: ts,
      ...(triggerType !== undefined && { triggerType, triggerOperation }),
    },
  },
})

/** Writes a script of a container, by whatever plane. */
export function writeScript(
  container: Container,
  kind: ScriptKind,
  script: Record<string, unknown>,
  atMs: number,
): Script {
  const { id, body, triggerType, triggerOperation } = script as Partial<Script>
  if (typeof id !== 'string' || typeof body !== 'string') throw badRequest('A script needs an id and a body.')
  const written: Script = {
    id,
    body,
    rid: container.scripts[kind].get(id)?.rid ?? newRid(16),
    etag: newEtag(),
    ts: Math.floor(atMs / 1000),
    ...(kind === 'triggers' && { triggerType: triggerType ?? 'Pre', triggerOperation: triggerOperation ?? 'All' }),
  }
  container.scripts[kind].set(id, written)
  return written
}

/** @throws AzureError 404 */
function scriptOf(request: ArmRequest, kind: ScriptKind): Script {
  const script = containerOf(request).scripts[kind].get(request.names[3] ?? '')
  if (script === undefined) throw partNotFound(request.path)
  return script
}

const region = (request: ArmRequest) => regionKey(accountOf(request).writeRegion.name)

const handlersOf = (armType: string, kind: ScriptKind): Record<string, ArmHandler> => {
  const type = `databaseaccounts/*/sqldatabases/*/containers/*/${armType}`
  return {
    [`GET ${type}`]: (request) => ({
      status: 200,
      body: {
        value: [...containerOf(request).scripts[kind].values()].map((script) =>
          view(`${request.path}/${script.id}`, armType, script),
        ),
      },
    }),
    [`GET ${type}/*`]: (request) => ({ status: 200, body: view(request.path, armType, scriptOf(request, kind)) }),
    [`PUT ${type}/*`]: (request) => {
      const container = containerOf(request)
      const resource = resourceOf(request)
      return begin(request, {
        phase: 'writeResource',
        region: region(request),
        finish: () => view(request.path, armType, writeScript(container, kind, resource, request.service.now())),
      })
    },
    [`DELETE ${type}/*`]: (request) => {
      const container = containerOf(request)
      const { id } = scriptOf(request, kind)
      return begin(request, {
        phase: 'writeResource',
        region: region(request),
        finish: () => {
          container.scripts[kind].delete(id)
          return undefined
        },
      })
    },
  }
}

/** Stored procedures, triggers and functions, by method and type. */
export const scriptHandlers: Record<string, ArmHandler> = Object.assign(
  {},
  ...Object.entries(kinds).map(([armType, kind]) => handlersOf(armType, kind)),
)
