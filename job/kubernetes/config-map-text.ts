import type { V1ConfigMap } from '@kubernetes/client-node'
import { Failure } from '../../operation/failure.ts'
import type { Api } from './api.ts'
import { ask, askIfAny, statusOf } from './ask.ts'
import type { Managed } from './cluster.ts'
import { managedOf } from './secrets/managed.ts'

const tries = 5

/** The text under one key of a ConfigMap that is not of this program; undefined where there is none. */
export async function readConfigMapText(
  api: Api,
  namespace: string,
  name: string,
  key: string,
): Promise<string | undefined> {
  return (await read(api, namespace, name))?.data?.[key]
}

/** Who else manages that ConfigMap; undefined where there is none. */
export async function readConfigMapManaged(api: Api, namespace: string, name: string): Promise<Managed | undefined> {
  const map = await read(api, namespace, name)
  return map && managedOf(map)
}

/**
 * Changes that text and nothing else of the ConfigMap.
 * @param change gets the text as it is; called again where somebody else changed the ConfigMap meanwhile
 * @throws Failure where it is not there, or immutable
 */
export async function changeConfigMapText(
  api: Api,
  namespace: string,
  name: string,
  key: string,
  change: (text: string) => string,
): Promise<void> {
  for (let left = tries; ; left -= 1) {
    const map = await read(api, namespace, name)
    const text = map?.data?.[key]
    if (map === undefined || text === undefined) throw absent(name, map === undefined ? undefined : key)
    const changed = change(text)
    if (changed === text) return
    const body = { ...map, data: { ...map.data, [key]: changed } }
    try {
      await ask(`update the configmap ${name}`, () => api.core.replaceNamespacedConfigMap({ name, namespace, body }))
      return
    } catch (error) {
      if (statusOf(error) !== 409 || left <= 1) throw error
    }
  }
}

async function read({ core }: Api, namespace: string, name: string): Promise<V1ConfigMap | undefined> {
  return await askIfAny(`get the configmap ${name}`, () => core.readNamespacedConfigMap({ name, namespace }))
}

/** @param key undefined where there is no ConfigMap either */
function absent(name: string, key?: string): Failure {
  return new Failure({
    what: `the properties in ConfigMap ${name} cannot be changed`,
    why: key === undefined ? 'it is not there' : `it has no key ${key}`,
    next: 'check that the ConfigMap is the one that the pods of the release use',
  })
}
