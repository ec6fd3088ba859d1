import { createContext, runInContext } from 'node:vm'
import { newEtag, newRid, type Container, type Document } from '../accounts/container.ts'
import { AzureError } from '../service/errors.ts'
import { evaluate, type QuerySpec } from './query/evaluate.ts'

/** How long a procedure may run, ms; at Azure 10 s. */
const longestMs = 10_000

type Callback = ((error: unknown, result?: unknown, options?: unknown) => void) | undefined

/** A document as it is written now, with the properties that the service sets. */
export function stamped(
  container: Container,
  asked: Record<string, unknown>,
  atMs: number,
  rid = newRid(12),
): Document {
  const { id } = asked
  if (typeof id !== 'string' || id === '')
    throw new AzureError(
      400,
      'BadRequest',
      "The input content is invalid because the required property 'id' is missing.",
    )
  return {
    ...asked,
    id,
    _rid: rid,
    _self: `dbs/-/colls/${container.rid}/docs/${rid}/`,
    _etag: newEtag(),
    _attachments: 'attachments/',
    _ts: Math.floor(atMs / 1000),
  }
}

const failed = (substatus: number, message: string) =>
  new AzureError(
    400,
    'BadRequest',
    `Message: {"Errors":["Encountered exception while executing function. Exception = Error: ${message}"]}`,
    { headers: { 'x-ms-substatus': String(substatus) } },
  )

/** The error object of procedures: a number before the words is what clients get as substatus. */
const errorClass = `globalThis.Error = class Error extends globalThis.Error {
  constructor(number, message) {
    super(typeof number === 'number' ? message : number)
    if (typeof number === 'number') this.number = number
  }
}`

/**
 * Runs a stored procedure on one partition: all that it writes, or nothing.
 * @returns what it set as its answer, as JSON; undefined: nothing
 * @throws AzureError 400 where it fails, with its own number as substatus
 */
export function execute(
  container: Container,
  { body, partition, given, atMs }: { body: string; partition: string; given: readonly unknown[]; atMs: number },
): string | undefined {
  const context = createContext({}, { microtaskMode: 'afterEvaluate' })
  runInContext(errorClass, context)
  const inside = runInContext('({ parse: JSON.parse, error: (...all) => new Error(...all) })', context) as {
    parse: (text: string) => unknown
    error: (number: number, message: string) => unknown
  }
  const written = new Map<string, Document | undefined>()
  const documents = () => {
    const kept = container.documents(atMs, partition).filter(({ id }) => !written.has(id))
    return [...kept, ...[...written.values()].filter((document) => document !== undefined)]
  }
  const find = (link: unknown) => documents().find((document) => document['_self'] === link)
  let answer: string | undefined
  let aborted: unknown
  let isAborted = false

  /** Does something for the procedure and tells it by its callback, which comes after optional options. */
  const call = (work: () => unknown, rest: readonly unknown[]): boolean => {
    const callback = rest.findLast((each) => typeof each === 'function') as Callback
    let result: unknown
    try {
      result = inside.parse(JSON.stringify(work()) ?? 'null')
    } catch (error) {
      if (!(error instanceof AzureError)) throw error
      const told = inside.error(error.status, error.message)
      if (callback === undefined) throw told
      callback(told)
      return true
    }
    callback?.(undefined, result, {})
    return true
  }
  const write = (document: Record<string, unknown>, mode: 'create' | 'upsert', rid?: string) => {
    const present = documents().find(({ id }) => id === document['id'])
    if (mode === 'create' && present !== undefined)
      throw new AzureError(409, 'Conflict', 'Entity with the specified id already exists in the system.')
    const made = stamped(container, document, atMs, rid ?? (present?.['_rid'] as string | undefined))
    if (container.partitionOf(made) !== partition)
      throw new AzureError(
        400,
        'BadRequest',
        'Requests originating from scripts cannot reference other partition keys.',
      )
    written.set(made.id, made)
    return made
  }
  const specOf = (query: unknown): QuerySpec => (typeof query === 'string' ? { query } : (query as QuerySpec))
  const response = {
    setBody: (value: unknown) => {
      answer = JSON.stringify(value)
    },
  }
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>
  const missing = () => new AzureError(404, 'NotFound', 'Resource Not Found.')
  const collection = {
    getSelfLink: () => `dbs/-/colls/${container.rid}/`,
    getAltLink: () => `colls/${container.name}`,
    queryDocuments: (_link: string, query: unknown, ...rest: unknown[]) =>
      call(() => evaluate(specOf(query), documents()), rest),
    createDocument: (_link: string, document: unknown, ...rest: unknown[]) =>
      call(() => write(plain(document), 'create'), rest),
    upsertDocument: (_link: string, document: unknown, ...rest: unknown[]) =>
      call(() => write(plain(document), 'upsert'), rest),
    replaceDocument: (link: string, document: unknown, ...rest: unknown[]) =>
      call(() => {
        const present = find(link)
        if (present === undefined) throw missing()
        if (present.id !== plain(document)['id']) written.set(present.id, undefined)
        return write(plain(document), 'upsert', String(present['_rid']))
      }, rest),
    readDocument: (link: string, ...rest: unknown[]) =>
      call(() => {
        const present = find(link)
        if (present === undefined) throw missing()
        return present
      }, rest),
    deleteDocument: (link: string, ...rest: unknown[]) =>
      call(() => {
        const present = find(link)
        if (present === undefined) throw missing()
        written.set(present.id, undefined)
        return null
      }, rest),
    abort: (error: unknown) => {
      if (isAborted) return
      isAborted = true
      aborted = error
    },
    response,
  }
  Object.assign(context, {
    __: collection,
    getContext: () => ({
      getCollection: () => collection,
      getResponse: () => response,
      abort: collection.abort,
    }),
    given: inside.parse(JSON.stringify(given)),
  })
  try {
    runInContext(`(${body}\n)(...given)`, context, { timeout: longestMs })
  } catch (error) {
    collection.abort(error)
  }
  if (isAborted) {
    const { number = 400, message = String(aborted) } = (aborted ?? {}) as { number?: number; message?: string }
    throw failed(number, message)
  }
  for (const [id, document] of written) container.write(partition, id, atMs, document)
  return answer
}
