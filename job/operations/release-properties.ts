import { helmValues } from '../../operation/product.ts'
import type { Target, TargetRelease } from '../../operation/request.ts'
import { Failure } from '../../operation/failure.ts'
import type { ReleaseProperties } from '../databases/database.ts'
import type { StorageSettings } from '../scalardb/storage-settings.ts'
import type { ReleaseFiles } from '../kubernetes/cluster.ts'
import { setProperty, writtenValue } from '../scalardb/set-property.ts'
import { ownerOf } from './open-databases.ts'

/** Reads and changes properties of the releases in the ConfigMaps that hold them. */
export function releaseProperties(target: Target, cluster: ReleaseFiles): ReleaseProperties {
  const place = (settings: StorageSettings) => {
    const { release, path } = ownerOfStorage(target, settings)
    const configMap = release.properties?.configMap
    if (configMap === undefined) throw unchangeable(release)
    return { ...configMap, path }
  }
  return {
    obstacle(settings) {
      const { release } = ownerOfStorage(target, settings)
      return release.properties?.configMap === undefined ? unchangeable(release).why : undefined
    },
    line(settings, property, value) {
      const { release, path } = ownerOfStorage(target, settings)
      const helm = helmValues[release.app]
      return `${path}${property}=${value} of release ${release.name}${helm === undefined ? '' : ` (Helm: in ${helm})`}`
    },
    async written(settings, property) {
      const { name, key, path } = place(settings)
      return writtenValue(await cluster.configMapText(name, key), path + property)
    },
    async write(settings, property, value) {
      const { name, key, path } = place(settings)
      await cluster.changeConfigMapText(name, key, (text) => setProperty(text, path + property, value))
    },
  }
}

/** The release whose properties name a storage, and the prefix of that storage's own properties. */
function ownerOfStorage(
  target: Target,
  { storage, namespaces }: StorageSettings,
): { release: TargetRelease; path: string } {
  const release = target.releases.find((one) => storage.startsWith(`${ownerOf(one, target)}/`))
  if (release === undefined) throw new Error(`storage ${storage} is of none of the releases`)
  const name = storage.slice(ownerOf(release, target).length + 1)
  return { release, path: namespaces === undefined ? 'scalar.db.' : `scalar.db.multi_storage.storages.${name}.` }
}

function unchangeable({ name }: TargetRelease): Failure {
  return new Failure({
    what: `the properties of release ${name} cannot be changed`,
    why: `the properties of release ${name} are not in a ConfigMap`,
    next: 'restore with --repoint print, and change them where they are kept',
  })
}
