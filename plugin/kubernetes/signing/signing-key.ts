import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { V1Secret } from '@kubernetes/client-node'
import { annotations, managedBy, labels, signingKey } from '../../../operation/names.ts'
import { fingerprintOf } from '../../../operation/signature/signature.ts'
import { statusCode, unlessMissing } from '../api/api-error.ts'
import { createObject } from '../api/apply.ts'
import { collectionPath, objectText, type SecretObject } from '../api/objects.ts'
import type { Session } from '../api/session.ts'

/** What is asked for beside that there be a key. */
export interface SigningKeyWishes {
  /** an ed25519 key to sign with from now on */
  brought?: KeyObject | undefined
  /** a new key in the place of the present one, whose records stay trusted */
  rotate: boolean
  /** fingerprints of keys of other installations to trust as well */
  trusted: readonly string[]
}

/** What became of the key, and the fingerprints of all that are trusted, its own first. */
export interface SigningKeyOutcome {
  outcome: 'created' | 'unchanged' | 'configured'
  trusted: readonly string[]
}

/**
 * The namespace's signing key: made where there is none, and never replaced unless that is asked for. No key ever
 * leaves the trusted ones by this, so that older backups stay restorable.
 * @throws ApiException where the Secret may not be read or written
 */
export async function ensureSigningKey(session: Session, wishes: SigningKeyWishes): Promise<SigningKeyOutcome> {
  const present = await readSecret(session)
  const known = present === undefined ? undefined : contentOf(present)
  const own = wishes.brought ?? (wishes.rotate ? undefined : known?.key) ?? newKey()
  const former = known?.key === undefined ? [] : [fingerprint(known.key)]
  const trusted = [...new Set([fingerprint(own), ...former, ...(known?.trusted ?? []), ...wishes.trusted])]
  const secret = secretOf(session.namespace, own, trusted)
  if (present === undefined) {
    try {
      await createObject(session, secret, 'json', 'none')
    } catch (error) {
      // Somebody else made it in this moment.
      if (statusCode(error) === 409) return ensureSigningKey(session, wishes)
      throw error
    }
    return { outcome: 'created', trusted }
  }
  if (known?.key?.equals(own) === true && known.trusted.join() === trusted.join())
    return { outcome: 'unchanged', trusted }
  await replaceSecret(session, secret, present.metadata?.resourceVersion)
  return { outcome: 'configured', trusted }
}

/**
 * Says on a ServiceAccount which keys are trusted, for those who may not read Secrets. Under a name of its own among
 * the managers of fields: manifests that are applied again leave it there.
 */
export async function publishTrustedKeys(session: Session, account: string, trusted: readonly string[]): Promise<void> {
  const text = JSON.stringify({ metadata: { annotations: { [annotations.trustedKeys]: trusted.join(',') } } })
  await session.request({
    method: 'PATCH',
    path: `/api/v1/namespaces/${session.namespace}/serviceaccounts/${account}`,
    query: { fieldManager: signingKey.secret },
    body: { type: 'application/merge-patch+json', text },
  })
}

function newKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey
}

function fingerprint(privateKey: KeyObject): string {
  return fingerprintOf(createPublicKey(privateKey))
}

async function readSecret(session: Session): Promise<V1Secret | undefined> {
  const { core, namespace } = session
  return unlessMissing(core.readNamespacedSecret({ name: signingKey.secret, namespace }))
}

/** The key of a Secret, undefined where it holds none that can be read, and whom it trusts. */
function contentOf({ data = {} }: V1Secret): { key: KeyObject | undefined; trusted: string[] } {
  const textOf = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString()
  const pem = textOf(signingKey.privateKey)
  return {
    key: pem === '' ? undefined : createPrivateKey(pem),
    trusted: textOf(signingKey.trustedKeys)
      .split('\n')
      .filter((line) => line !== ''),
  }
}

function secretOf(namespace: string, key: KeyObject, trusted: readonly string[]): SecretObject {
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: signingKey.secret, namespace, labels: { [labels.managedBy]: managedBy } },
    type: 'Opaque',
    data: {
      [signingKey.privateKey]: encoded(key.export({ type: 'pkcs8', format: 'pem' })),
      [signingKey.trustedKeys]: encoded(trusted.map((one) => `${one}\n`).join('')),
    },
  }
}

async function replaceSecret(session: Session, secret: SecretObject, version: string | undefined): Promise<void> {
  const body = {
    ...secret,
    metadata: { ...secret.metadata, ...(version !== undefined && { resourceVersion: version }) },
  }
  await session.request({
    method: 'PUT',
    path: `${collectionPath(secret, session.namespace)}/${secret.metadata.name}`,
    query: { fieldManager: managedBy, fieldValidation: 'Strict' },
    body: { type: 'application/json', text: objectText(body, 'json') },
  })
}
