/**
 * What the documents use of other tools, with the options that each takes: by `help` of aws 1.45, the sources of az
 * 2.91, the command reference of argocd 3, of flux 2 and of skopeo 1.9, gh's
 * manual, and `--help` of PostgreSQL 18's tools. A command that is not here
 * has to be looked up and added.
 */
const options: Record<string, readonly string[]> = {
  'aws eks describe-cluster': ['--name', '--query', '--output'],
  'aws eks create-pod-identity-association': ['--cluster-name', '--namespace', '--service-account', '--role-arn'],
  'aws iam create-role': ['--role-name', '--assume-role-policy-document'],
  'aws iam put-role-policy': ['--role-name', '--policy-name', '--policy-document'],
  'aws iam delete-role-policy': ['--role-name', '--policy-name'],
  'az aks get-credentials': ['--resource-group', '--name'],
  'az aks show': ['--resource-group', '--name', '--query', '--output'],
  'az aks update': ['--resource-group', '--name', '--enable-oidc-issuer', '--enable-workload-identity'],
  'az cosmosdb restore': [
    '--resource-group',
    '--account-name',
    '--target-database-account-name',
    '--restore-timestamp',
    '--location',
  ],
  'az identity create': ['--name', '--resource-group'],
  'az identity show': ['--name', '--resource-group', '--query', '--output'],
  'az identity federated-credential create': [
    '--name',
    '--identity-name',
    '--resource-group',
    '--issuer',
    '--subject',
    '--audiences',
  ],
  'az postgres flexible-server restore': ['--resource-group', '--source-server', '--name', '--restore-time'],
  'az role assignment create': ['--assignee-object-id', '--assignee-principal-type', '--role', '--scope'],
  'az role definition create': ['--role-definition'],
  'argocd app set': ['--sync-policy', '--self-heal'],
  'flux suspend helmrelease': ['--namespace'],
  'flux resume helmrelease': ['--namespace'],
  'gh attestation verify': ['--repo'],
  pg_dump: ['--format', '--file'],
  pg_restore: ['--clean', '--if-exists', '--single-transaction', '--dbname'],
  'oc get pods': ['-n', '-l', '-o'],
  'kubectl exec': ['--', '-t'],
  sha256sum: ['--check', '--ignore-missing'],
  'skopeo copy': ['--all'],
}

/** Of tools of databases, whose options nobody here could look up but in their makers' documents. */
const notLookedUp = [
  'sqlplus',
  'expdp',
  'impdp',
  'sqlcmd',
  'db2',
  'yb-admin',
  'cockroach',
  'gcloud',
  'medusa',
  'nodetool',
]

/** What is wrong with a command of another tool, in words; undefined where nothing is. */
export function wrongCommand(words: readonly string[]): string | undefined {
  const line = words.join(' ')
  if (notLookedUp.includes(words[0] ?? '')) return undefined
  const known = Object.keys(options).find((name) => line === name || line.startsWith(`${name} `))
  if (known === undefined) return 'this command has to be looked up, and added to cloud-commands.ts'
  const unknown = words.filter((word) => /^--?\w/.test(word)).map((word) => word.replace(/=.*/s, ''))
  return unknown.filter((word) => !(options[known] ?? []).includes(word)).join(', ') || undefined
}
