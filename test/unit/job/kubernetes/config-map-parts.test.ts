import { ApiException, type V1ConfigMap } from '@kubernetes/client-node'
import t, { type Test } from 'tap'
import type { Api } from '../../../../job/kubernetes/api.ts'
import { configMapParts } from '../../../../job/kubernetes/config-map-parts.ts'
import { GaveWay } from '../../../../job/process/gave-way.ts'
import type { Part } from '../../../../operation/names.ts'
import { passing } from '../simulated-time.ts'

interface Scene {
  /** one worker's journal, or record */
  write(steps: string, part?: Part): Promise<void>
  writeAsAnother(steps: string, part?: Part): Promise<void>
  takeOver(): Promise<void>
  takeOverAsAnother(): Promise<void>
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
    patchNamespacedConfigMap: ({ body }: { body: V1ConfigMap }) =>
      stored === undefined
        ? Promise.reject(new ApiException(404, 'Not Found', '', {}))
        : store({
            ...stored,
            metadata: {
              ...stored.metadata,
              annotations: { ...stored.metadata?.annotations, ...body.metadata?.annotations },
            },
          }),
  }
  const parts = configMapParts({ core } as unknown as Api, 'ns')
  const others = configMapParts({ core } as unknown as Api, 'ns')
  let timeStands = (): void => undefined
  return {
    write: (json, part = 'journal') => parts.write('pause-x', part, { json }),
    writeAsAnother: (json, part = 'journal') => others.write('pause-x', part, { json }),
    takeOver: () => parts.takeOver('pause-x'),
    takeOverAsAnother: () => others.takeOver('pause-x'),
    loseAnswers() {
      mode = 'losing'
      timeStands = passing(t, 60_000)
    },
    back() {
      mode = 'well'
      timeStands()
    },
    text: () => stored?.data?.['journal.json'] ?? stored?.data?.['record.json'],
  }
}

t.test("a worker's own write, whose answer was lost, is not taken for another worker's", async (t) => {
  const s = scene(t)
  await s.takeOver()
  await s.write('[1]')
  s.loseAnswers()
  await t.rejects(s.write('[1,2]'), { message: /could not update/ })
  await t.rejects(s.write('[1,2,3]'), { message: /could not update/ })
  s.back()
  t.equal(s.text(), '[1,2]')
  await s.write('[1,2,3,4]')
  t.equal(s.text(), '[1,2,3,4]')
})

t.test(
  'a worker whose operation another has taken over writes nothing more, even before that has written',
  async (t) => {
    for (const part of ['journal', 'record'] as const) {
      const s = scene(t)
      await s.takeOver()
      await s.write('[1]', part)
      await s.takeOverAsAnother()
      await t.rejects(s.write('[1,2]', part), GaveWay)
      t.equal(s.text(), '[1]')
      await s.writeAsAnother('["other"]', part)
      await t.rejects(s.write('["other"]', part), GaveWay, 'not even what stands there already')
      await t.rejects(s.write('[1,2,3]', part), GaveWay)
      t.equal(s.text(), '["other"]')
    }
  },
)

t.test('of two workers that begin at once the first to write goes on, and the other gives way', async (t) => {
  const s = scene(t)
  await s.takeOver()
  await s.takeOverAsAnother()
  await s.writeAsAnother('["other"]')
  await t.rejects(s.write('[1]'), GaveWay)
  t.equal(s.text(), '["other"]')
})

t.test('also after an answer of its own was lost', async (t) => {
  const s = scene(t)
  await s.takeOver()
  await s.write('[1]')
  s.loseAnswers()
  await t.rejects(s.write('[1,2]'))
  s.back()
  await s.takeOverAsAnother()
  await s.writeAsAnother('["other"]')
  await t.rejects(s.write('[1,2,3]'), GaveWay)
  t.equal(s.text(), '["other"]')
})

t.test("a record that nobody has taken over is anybody's to write", async (t) => {
  const s = scene(t)
  await s.write('[1]', 'record')
  await s.writeAsAnother('[2]', 'record')
  await s.write('[3]', 'record')
  t.equal(s.text(), '[3]')
})
