import { ApiException, type V1ConfigMap } from '@kubernetes/client-node'
import t, { type Test } from 'tap'
import type { Api } from '../../../../job/kubernetes/api.ts'
import { configMapParts } from '../../../../job/kubernetes/config-map-parts.ts'
import { passing } from '../simulated-time.ts'

interface Scene {
  /** one worker's journal */
  write(steps: string): Promise<void>
  writeAsAnother(steps: string): Promise<void>
  /** an API server that takes the next request and then nothing, not even its answer */
  loseAnswers(): void
  back(): void
  /** what stands in the ConfigMap */
  text(): string | undefined
}

/** An API server with one ConfigMap. */
function scene(t: Test): Scene {
  let stored: V1ConfigMap | undefined
  let version = 0
  let mode: 'well' | 'losing' | 'away' = 'well'
  const store = (map: V1ConfigMap): Promise<V1ConfigMap> => {
    if (mode === 'away') return Promise.reject(new Error('connect ECONNREFUSED'))
    if (map.metadata?.resourceVersion !== stored?.metadata?.resourceVersion)
      return Promise.reject(new ApiException(409, 'Conflict', '{"message":"conflict"}', {}))
    version += 1
    stored = { ...structuredClone(map), metadata: { ...map.metadata, resourceVersion: String(version) } }
    if (mode === 'well') return Promise.resolve(structuredClone(stored))
    mode = 'away'
    return Promise.reject(new Error('socket hang up'))
  }
  const core = {
    readNamespacedConfigMap: () =>
      mode === 'away'
        ? Promise.reject(new Error('connect ECONNREFUSED'))
        : stored === undefined
          ? Promise.reject(new ApiException(404, 'Not Found', '', {}))
          : Promise.resolve(structuredClone(stored)),
    createNamespacedConfigMap: ({ body }: { body: V1ConfigMap }) => store(body),
    replaceNamespacedConfigMap: ({ body }: { body: V1ConfigMap }) => store(body),
  }
  const writer = () => {
    const parts = configMapParts({ core } as unknown as Api, 'ns')
    return (steps: string) => parts.write('pause-x', 'journal', { json: steps }, 'refuse')
  }
  let timeStands = (): void => undefined
  return {
    write: writer(),
    writeAsAnother: writer(),
    loseAnswers() {
      mode = 'losing'
      timeStands = passing(t, 60_000)
    },
    back() {
      mode = 'well'
      timeStands()
    },
    text: () => stored?.data?.['journal.json'],
  }
}

t.test("a worker's own write, whose answer was lost, is not taken for another worker's", async (t) => {
  const s = scene(t)
  await s.write('[1]')
  s.loseAnswers()
  await t.rejects(s.write('[1,2]'), { message: /could not update/ })
  await t.rejects(s.write('[1,2,3]'), { message: /could not update/ })
  s.back()
  t.equal(s.text(), '[1,2]')
  await s.write('[1,2,3,4]')
  t.equal(s.text(), '[1,2,3,4]')
})

t.test("a worker gives way to another's write, also after an answer of its own was lost", async (t) => {
  const s = scene(t)
  await s.write('[1]')
  s.loseAnswers()
  await t.rejects(s.write('[1,2]'))
  s.back()
  await s.writeAsAnother('["other"]')
  await t.rejects(s.write('[1,2,3]'), { message: /another worker is at work/ })
  t.equal(s.text(), '["other"]')
})
