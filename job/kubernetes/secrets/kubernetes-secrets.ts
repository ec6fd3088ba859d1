import { isUtf8 } from 'node:buffer'
import type { V1Secret } from '@kubernetes/client-node'
import { Failure } from '../../../operation/failure.ts'
import { managedBy } from '../../../operation/names.ts'
import type { Api } from '../api.ts'
import { ask, askIfAny, statusOf } from '../ask.ts'
import { managedOf } from './managed.ts'
import { NotGranted, type NamedSecret, type ReleaseSecrets } from './release-secrets.ts'

/** How often somebody else may change a Secret meanwhile. */
const tries = 5

/** The Secrets of one namespace, as far as the worker's Role names them. */
export function kubernetesSecrets({ core }: Pick<Api, 'core'>, namespace: string): ReleaseSecrets {
  const find = async (name: string): Promise<V1Secret | undefined> =>
    await granted(name, namespace, () =>
      askIfAny(`get the secret ${name}`, () => core.readNamespacedSecret({ name, namespace })),
    )
  const patch = async (name: string, body: object, dryRun?: 'All') => {
    const call = () =>
      core.patchNamespacedSecret({
        name,
        namespace,
        body,
        fieldManager: managedBy,
        ...(dryRun === undefined ? {} : { dryRun }),
      })
    await granted(name, namespace, () => ask(`patch the secret ${name}`, call))
  }
  return {
    async read(name) {
      const found = await find(name)
      return found === undefined ? undefined : secretOf(found)
    },
    async tryChange(name) {
      await patch(name, { metadata: {} }, 'All').catch((error: unknown) => {
        throw statusOf(error) === 404 ? absent(name) : error
      })
    },
    async change(name, key, change) {
      for (let left = tries; ; left -= 1) {
        const found = await find(name)
        if (found === undefined) throw absent(name)
        if (!isUtf8(Buffer.from(found.data?.[key] ?? '', 'base64'))) throw noText(name, key)
        const before = secretOf(found).data[key]
        const after = change(before)
        if (after === before) return
        const { resourceVersion } = found.metadata ?? {}
        // null takes a key away (RFC 7386); the version refuses a change of what has changed since.
        const data = { [key]: after === undefined ? null : Buffer.from(after).toString('base64') }
        try {
          await patch(name, { metadata: { resourceVersion }, data })
          return
        } catch (error) {
          if (statusOf(error) === 404) throw absent(name)
          if (statusOf(error) !== 409 || left <= 1) throw error
        }
      }
    },
  }
}

function secretOf(secret: V1Secret): NamedSecret {
  return {
    ...managedOf(secret),
    data: Object.fromEntries(
      Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()] as const),
    ),
  }
}

/** Says what grants the right, where it is missing: of all Secrets the worker's Role names none by itself. */
async function granted<T>(name: string, namespace: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof Failure) || statusOf(error.cause) !== 403) throw error
    const { what, why } = error.text
    const next = `grant it for this one Secret: kubectl scalardl install -n ${namespace} --repoint-secret ${name}`
    throw new NotGranted({ what, why, next }, { cause: error.cause })
  }
}

/** What is read as text and is none would come back with other bytes. */
function noText(name: string, key: string): Failure {
  return new Failure({
    what: `Secret ${name} cannot be changed`,
    why: `its key ${key} holds no text in UTF-8`,
    next: 'restore with --repoint print, and change it yourself',
  })
}

function absent(name: string): Failure {
  return new Failure({
    what: `Secret ${name} cannot be changed`,
    why: 'it is not there',
    next: 'look which Secret the pods of the release use',
  })
}
