import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesListObject, KubernetesObject } from '@kubernetes/client-node'
import { watchStream, type WatchStream } from '../../kubernetes/watch-stream.ts'
import { messageOf } from '../../operation/failure.ts'
import type { Api } from './api.ts'
import { ask, statusOf } from './ask.ts'
import type { ReleaseWatch } from './cluster.ts'

/** One kind of object that is watched. */
export interface Watched<T, Fact> {
  /** for people: `pods` */
  title: string
  path: string
  list(): Promise<KubernetesListObject<T & KubernetesObject>>
  /** what of it matters; undefined for one that counts as gone */
  fact(object: T): Fact | undefined
  changed(name: string, before: Fact | undefined, now: Fact | undefined): void
  /** told what could not be watched */
  trouble(text: string): void
}

const reconnectMs = 200
/**
 * The API server ends a watch after so long, shortly after a bookmark: so the version to go on at stays young enough
 * not to be forgotten where nothing happens for a long time, and silence never outlasts what watchStream allows.
 */
const streamS = 20
/** A new watch is told at once what it missed; this is time enough to hear it. */
const hearMs = 300

/**
 * Watches one kind from its present state, over dropped connections: a new one goes on at the version of the last
 * event, so that nothing is missed. Where the API server has forgotten that version (410 Gone), what happened is lost
 * and said so.
 */
export async function watchKind<T extends KubernetesObject, Fact>(
  api: Api,
  kind: Watched<T, Fact>,
  labelSelector: string,
  signal: AbortSignal,
): Promise<ReleaseWatch> {
  const first = await ask(`list ${kind.title}`, kind.list)
  const known = new Map<string, Fact>()
  for (const object of first.items) {
    const fact = kind.fact(object)
    if (fact !== undefined) known.set(object.metadata?.name ?? '', fact)
  }
  let version = first.metadata?.resourceVersion ?? ''
  let gone = false

  const see = (name: string, now: Fact | undefined) => {
    const before = known.get(name)
    if (isDeepStrictEqual(before, now)) return
    if (now === undefined) known.delete(name)
    else known.set(name, now)
    kind.changed(name, before, now)
  }
  const event = (type: string, object: T & { code?: number }) => {
    if (type === 'ERROR') {
      gone ||= object.code === 410
      return
    }
    // Two watches may tell the same for a moment; versions of one kind are numbers that grow.
    const told = object.metadata?.resourceVersion ?? version
    if (Number(told) <= Number(version)) return
    version = told
    if (type === 'DELETED') see(object.metadata?.name ?? '', undefined)
    else if (type === 'ADDED' || type === 'MODIFIED') see(object.metadata?.name ?? '', kind.fact(object))
  }
  const query = () => ({ labelSelector, resourceVersion: version, timeoutSeconds: String(streamS) })
  const begin = async (until: AbortSignal): Promise<WatchStream> =>
    // Given up meanwhile: that is no failure to be tried again.
    until.aborted ? { ended: Promise.resolve() } : watchStream(api.request, kind.path, query(), until, event)

  /** After 410: what there is now, and that something in between may have been missed. */
  const lookAnew = async () => {
    const { items, metadata } = await kind.list()
    kind.trouble(`the watch of ${kind.title} was interrupted for too long, and what happened meanwhile is not known`)
    version = metadata?.resourceVersion ?? ''
    gone = false
    for (const name of [...known.keys()].filter((one) => !items.some((object) => object.metadata?.name === one)))
      see(name, undefined)
    for (const object of items) see(object.metadata?.name ?? '', kind.fact(object))
  }

  let stream = await ask(`watch ${kind.title}`, () => begin(signal))
  const again = async (until: AbortSignal) => {
    try {
      if (gone) await lookAnew()
      return await begin(until)
    } catch (error) {
      gone ||= statusOf(error) === 410
      throw error
    }
  }
  void (async () => {
    for (;;) {
      await stream.ended
      if (!signal.aborted) await sleep(reconnectMs)
      if (signal.aborted) return
      // Tried again; whoever needs to know that all was seen asks with catchUp().
      stream = await again(signal).catch(() => ({ ended: Promise.resolve() }))
    }
  })()

  return {
    async catchUp(patienceMs) {
      const deadlineMs = performance.now() + patienceMs
      for (;;) {
        const over = new AbortController()
        try {
          // A watch of its own: the other may hang on a connection that leads nowhere any more.
          await again(over.signal)
          await sleep(hearMs)
          if (!gone) return
        } catch (error) {
          if (performance.now() > deadlineMs) {
            kind.trouble(`${kind.title} could not be watched to the end: ${messageOf(error)}`)
            return
          }
          await sleep(reconnectMs)
        } finally {
          over.abort()
        }
      }
    },
  }
}
