import * as z from 'zod'
import { managedBy } from '../../../operation/names.ts'
import type { OutputFormat, Terminal } from '../../terminal/terminal.ts'
import { unlessMissing } from './api-error.ts'
import { collectionPath, objectText, objectTitle, type OwnObject } from './objects.ts'
import type { Session } from './session.ts'

/** The text form in which objects are sent and printed: what `-o` asks for, else YAML. */
function wireFormat(output: OutputFormat): 'json' | 'yaml' {
  return output === 'json' ? 'json' : 'yaml'
}

/** Whether objects are sent for good, only shown, or shown once the API server has checked them. */
export type DryRun = 'none' | 'client' | 'server'

function query(dryRun: DryRun): Record<string, string> {
  return { fieldManager: managedBy, fieldValidation: 'Strict', ...(dryRun === 'server' ? { dryRun: 'All' } : {}) }
}

/**
 * Server-side apply: makes the object, or makes an existing one hold these fields.
 * @throws ApiException 409 where somebody else owns one of these fields with another value
 */
export async function applyObject(
  session: Session,
  object: OwnObject,
  output: OutputFormat,
  dryRun: DryRun,
): Promise<void> {
  if (dryRun === 'client') return
  await session.request({
    method: 'PATCH',
    path: `${collectionPath(object, session.namespace)}/${object.metadata.name}`,
    query: query(dryRun),
    body: { type: 'application/apply-patch+yaml', text: objectText(object, wireFormat(output)) },
  })
}

const made = z.object({ metadata: z.object({ uid: z.string() }) })

/**
 * Makes the object.
 * @returns the uid that it got, undefined where the API server was not asked
 * @throws ApiException 409 where there is one of that name
 */
export async function createObject(
  session: Session,
  object: OwnObject,
  output: OutputFormat,
  dryRun: DryRun,
): Promise<string | undefined> {
  if (dryRun === 'client') return undefined
  const format = wireFormat(output)
  const answer = await session.request({
    method: 'POST',
    path: collectionPath(object, session.namespace),
    query: query(dryRun),
    body: { type: `application/${format}`, text: objectText(object, format) },
  })
  return made.safeParse(JSON.parse(await answer.text())).data?.metadata.uid
}

/** Deletes an object with what it owns; answers whether there was one. */
export async function deleteObject(session: Session, object: OwnObject, dryRun: DryRun): Promise<boolean> {
  const path = `${collectionPath(object, session.namespace)}/${object.metadata.name}`
  const call = {
    method: 'DELETE',
    path,
    query: { propagationPolicy: 'Background', ...(dryRun === 'server' ? { dryRun: 'All' } : {}) },
  } as const
  return (
    (await unlessMissing(dryRun === 'client' ? session.request({ method: 'GET', path }) : session.request(call))) !==
    undefined
  )
}

/**
 * Shows objects that were sent, or with --dry-run would be: their very bytes for `-o yaml` and `json`, else a line
 * each.
 */
export function showObjects(
  terminal: Terminal,
  objects: readonly OwnObject[],
  output: OutputFormat,
  done: string,
  dryRun: DryRun,
): void {
  if (output === 'yaml' || output === 'json') {
    terminal.document(
      objects
        .map((object) => objectText(object, output))
        .join(output === 'yaml' ? '---\n' : '')
        .trimEnd(),
    )
    return
  }
  const suffix = { none: '', client: ' (dry run)', server: ' (server dry run)' }[dryRun]
  for (const object of objects)
    terminal.data(output === 'name' ? objectTitle(object) : `${objectTitle(object)} ${done}${suffix}`)
}
