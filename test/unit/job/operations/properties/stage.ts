import type { Repointed } from '../../../../../job/databases/repoint/repointing.ts'
import { changeId, Repointing } from '../../../../../job/databases/repoint/repointing.ts'
import { kubernetesSecrets } from '../../../../../job/kubernetes/secrets/kubernetes-secrets.ts'
import { releaseProperties } from '../../../../../job/operations/properties/release-properties.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import { formerSecretName } from '../../../../../operation/names.ts'
import type { Target, TargetRelease } from '../../../../../operation/request.ts'
import { inMemoryCluster } from '../../in-memory-cluster.ts'
import { storedSecrets } from '../../kubernetes/secrets/stored-secrets.ts'

/** Keys that nobody is to see but who reads the Secrets. */
export const keys = { former: 'S3CRET-former-key==', restored: 'S3CRET-restored-key==' }

export const endpoints = { former: 'https://former.example.com:443/', restored: 'https://restored.example.com:443/' }

/** The one storage of the release `my-ledger`. */
export const settings: StorageSettings = {
  storage: 'ledger/default',
  kind: 'cosmos',
  contactPoints: endpoints.former,
  contactPort: undefined,
  username: undefined,
  password: keys.former,
  releaseUsername: undefined,
  namespaces: undefined,
  property: () => undefined,
}

export const file = 'my-ledger-properties'
export const properties = 'ledger.properties'

type Where = NonNullable<TargetRelease['properties']>

/**
 * A release whose Secret `account` may be changed.
 * @param text of its properties file
 * @param where the request says that they and their variables are kept; a ConfigMap unless given
 */
export function stageOf(text: string, where: Partial<Where> = {}) {
  const cluster = inMemoryCluster([])
  const stored = storedSecrets()
  const secrets = kubernetesSecrets(stored.api, 'ns')
  const both = new Set(['get', 'patch'])
  for (const name of ['account', formerSecretName('account')]) stored.granted.set(name, both)
  stored.put('account', { KEY: keys.former, URI: endpoints.former })
  stored.put(formerSecretName('account'), {})
  if (where.secret === undefined) cluster.texts.set(`${file}/${properties}`, text)
  else stored.put(where.secret.name, { [where.secret.key]: text })
  const kept = where.secret === undefined ? { configMap: { name: file, key: properties } } : {}
  const release = { name: 'my-ledger', app: 'ledger', properties: { file: '', envPrefix: '', ...kept, ...where } }
  const target: Target = { releases: [release], serviceUrls: [], addresses: [], tls: { enabled: false } }
  const of = releaseProperties({ target, cluster, secrets }, 'ns')
  const repointing = (more: Partial<Repointed> = {}) =>
    new Repointing({
      operation: 'restore-a@2026-11-22T08:00:00Z',
      title: 'an account',
      noun: 'account',
      changes: [
        {
          id: changeId(settings.storage, 'contact_points'),
          settings,
          property: 'contact_points',
          value: endpoints.restored,
        },
        {
          id: changeId(settings.storage, 'password'),
          settings,
          property: 'password',
          secret: async () => keys.restored,
          command: 'az cosmosdb keys list --output tsv',
        },
      ],
      properties: of,
      asRead: ({ contactPoints }) => contactPoints,
      former: undefined,
      cure: 'look who changed them',
      ...more,
    })
  return {
    cluster,
    stored,
    of,
    repointing,
    text: () => cluster.texts.get(`${file}/${properties}`),
    former: () => stored.data(formerSecretName('account')),
  }
}

/** Endpoint and key are variables of the one Secret. */
export const byVariables = {
  text: 'scalar.db.storage=cosmos\nscalar.db.contact_points=${env:URI}\nscalar.db.password={{ default .Env.KEY "" }}\n',
  where: { variables: [{ from: { kind: 'Secret' as const, name: 'account' } }] },
}
