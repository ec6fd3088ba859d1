import type { V1Container, V1PodSpec, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import { basename, dirname } from 'node:path/posix'
import { unlessMissing } from '../../api/api-error.ts'
import type { Release } from '../../releases/releases.ts'
import type { Session } from '../../api/session.ts'

/** Where the pods of a release have their properties file from. */
export interface PropertiesSource {
  container: V1Container
  volume: V1Volume
  /** path of the file in the volume */
  path: string
}

/** Folders where the products look for their file unless told otherwise (the charts' mounts). */
const folders: Record<string, string> = {
  ledger: '/scalar/ledger',
  auditor: '/scalar/auditor',
  'scalardb-cluster': '/scalardb-cluster/node',
}

function pathInVolume(mount: V1VolumeMount, file: string, folder: string | undefined): string | undefined {
  if (basename(mount.mountPath) === file && mount.subPath !== undefined) return mount.subPath
  const mounted = mount.mountPath.replace(/\/$/, '')
  // a whole volume over the folder, or over a folder above it
  const below =
    folder === undefined
      ? undefined
      : mounted === folder
        ? ''
        : folder.startsWith(`${mounted}/`)
          ? folder.slice(mounted.length + 1)
          : undefined
  if (below === undefined) return undefined
  return [mount.subPath, below, file].filter((part) => part !== undefined && part !== '').join('/')
}

/**
 * Finds the volume with the properties file in a pod's template, mounted alone by subPath or with its folder; undefined
 * where there is none.
 */
export function findPropertiesSource(spec: V1PodSpec, product: Release['product']): PropertiesSource | undefined {
  for (const container of spec.containers) {
    for (const mount of container.volumeMounts ?? []) {
      const path = pathInVolume(mount, product.propertiesFile, folders[product.app])
      const volume = spec.volumes?.find((candidate) => candidate.name === mount.name)
      const readable = volume?.configMap ?? volume?.secret ?? volume?.projected
      if (path !== undefined && volume !== undefined && readable !== undefined) return { container, volume, path }
    }
  }
  return undefined
}

/**
 * The key of a ConfigMap that a volume shows at a path; each is shown under its own name unless the volume's items say
 * otherwise.
 */
function keyAt(items: readonly { key: string; path: string }[] | undefined, path: string): string | undefined {
  return items === undefined
    ? dirname(path) === '.'
      ? path
      : undefined
    : items.find((item) => item.path === path)?.key
}

/** The ConfigMaps that may hold the properties, each with the key: one, or those of a projected volume in its order. */
function configMapsOf({ volume, path }: PropertiesSource): { name: string; key: string }[] {
  const sources = volume.projected?.sources?.map((projection) => projection.configMap) ?? [volume.configMap]
  return sources.flatMap((configMap) => {
    const key = keyAt(configMap?.items, path)
    return configMap?.name === undefined || key === undefined ? [] : [{ name: configMap.name, key }]
  })
}

/**
 * The ConfigMap that holds the properties, for what has to change them; undefined for a Secret, or where it is not
 * certain which.
 */
export function propertiesConfigMap(source: PropertiesSource): { name: string; key: string } | undefined {
  const [only, ...others] = configMapsOf(source)
  return others.length === 0 ? only : undefined
}

/** The Secret that holds the properties, under the same conditions. */
export function propertiesSecret({ volume, path }: PropertiesSource): { name: string; key: string } | undefined {
  const [only, ...others] = volume.projected?.sources?.map(({ secret }) => secret) ?? []
  const secret = volume.secret === undefined ? only : { name: volume.secret.secretName, items: volume.secret.items }
  const key = keyAt(secret?.items, path)
  return others.length > 0 || secret?.name === undefined || key === undefined ? undefined : { name: secret.name, key }
}

/**
 * The properties' text, where they live in a ConfigMap that the administrator may read; a Secret is never read here.
 */
export async function readProperties(session: Session, source: PropertiesSource): Promise<string | undefined> {
  for (const { name, key } of configMapsOf(source)) {
    try {
      const found = await unlessMissing(session.core.readNamespacedConfigMap({ name, namespace: session.namespace }))
      const text = found?.data?.[key]
      if (text !== undefined) return text
    } catch {
      return undefined // not allowed: everything is then taken over, which needs no reading
    }
  }
  return undefined
}
