import type { V1PodSpec, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import { Failure } from '../../../../operation/failure.ts'
import { mounts, type TargetRelease } from '../../../../operation/request.ts'
import { productVersion } from '../../releases/product-version.ts'
import type { Release } from '../../releases/releases.ts'
import {
  findPropertiesSource,
  propertiesConfigMap,
  propertiesSecret,
  type PropertiesSource,
} from './properties-source.ts'
import { originsOf, takeOverEnvironment, type ReleaseEnvironment } from './release-environment.ts'
import type { PropertyReferences } from './property-references.ts'

/** What one release brings into a Job: its place in the request, its properties, and what these refer to. */
export interface ReleasePart extends ReleaseEnvironment {
  target: TargetRelease
  volumes: V1Volume[]
  mounts: V1VolumeMount[]
  storages: string[] | undefined
}

/** A release of which only the pods matter. */
export function podsOnly(release: Release): ReleasePart {
  return {
    target: { name: release.name, app: release.product.app },
    volumes: [],
    mounts: [],
    env: [],
    envFrom: [],
    storages: [],
  }
}

/**
 * Where the release's pods have their properties from.
 * @throws Failure where it has no Deployment or its pods no such file
 */
export function propertiesSource(release: Release): PropertiesSource & { spec: V1PodSpec } {
  const spec = release.deployment?.spec?.template.spec
  const source = spec === undefined || spec === null ? undefined : findPropertiesSource(spec, release.product)
  if (spec !== undefined && spec !== null && source !== undefined) return { ...source, spec }
  throw new Failure({
    what: `the database of release "${release.name}" is unknown`,
    why:
      release.deployment === undefined
        ? 'no Deployment runs its pods, so there is no template to take the properties from'
        : `no container of Deployment ${release.deployment.metadata?.name ?? ''} mounts ` +
          `${release.product.propertiesFile} from a ConfigMap or Secret`,
    next: `mount ${release.product.propertiesFile} as the official Helm chart of ${release.product.title} does`,
  })
}

function holdsFiles(volume: V1Volume): boolean {
  return (volume.configMap ?? volume.secret ?? volume.projected) !== undefined
}

/**
 * Mounts of files that properties point to, such as certificates; where the properties are unreadable, of every file
 * there is.
 */
function fileMounts(
  source: PropertiesSource & { spec: V1PodSpec },
  references: PropertyReferences | undefined,
): { mount: V1VolumeMount; volume: V1Volume }[] {
  const covers = (mount: V1VolumeMount) =>
    references === undefined ||
    references.paths.some(
      (path) => path === mount.mountPath || path.startsWith(`${mount.mountPath.replace(/\/$/, '')}/`),
    )
  return (source.container.volumeMounts ?? []).flatMap((mount) => {
    const volume = source.spec.volumes?.find((candidate) => candidate.name === mount.name)
    return volume !== undefined && volume.name !== source.volume.name && holdsFiles(volume) && covers(mount)
      ? [{ mount, volume }]
      : []
  })
}

/**
 * What a release with a database brings into a Job.
 * @param index of the release in the request; keeps variables and volumes of several apart
 * @param folder below mounts.releases, unique in the request
 * @param references what its properties refer to, undefined where they cannot be read
 */
export function releasePart(
  release: Release,
  index: number,
  folder: string,
  references: PropertyReferences | undefined,
): ReleasePart {
  const source = propertiesSource(release)
  const version = productVersion(release.deployment, source.container.image)
  const prefix = `RELEASE_${index}_`
  const properties = `release-${index}`
  const configMap = propertiesConfigMap(source)
  const secret = propertiesSecret(source)
  const variables = originsOf(source.container, references)
  const files = fileMounts(source, references)
  const renamed = new Map(
    [...new Set(files.map(({ volume }) => volume.name))].map((name, at) => [name, `release-${index}-files-${at}`]),
  )
  return {
    target: {
      name: release.name,
      app: release.product.app,
      ...(version === undefined ? {} : { version }),
      properties: {
        file: `${mounts.releases}/${folder}/${source.path}`,
        envPrefix: prefix,
        ...(configMap === undefined ? {} : { configMap }),
        ...(secret === undefined ? {} : { secret }),
        ...(variables.length === 0 ? {} : { variables }),
      },
    },
    volumes: [
      { ...source.volume, name: properties },
      ...[...renamed].flatMap(
        ([name, own]) =>
          source.spec.volumes?.filter((volume) => volume.name === name).map((volume) => ({ ...volume, name: own })) ??
          [],
      ),
    ],
    mounts: [
      { name: properties, mountPath: `${mounts.releases}/${folder}`, readOnly: true },
      ...files.map(({ mount }) => ({ ...mount, name: renamed.get(mount.name) ?? mount.name, readOnly: true })),
    ],
    ...takeOverEnvironment(source.container, references, prefix),
    storages: references?.storages,
  }
}
