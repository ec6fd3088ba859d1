import { defaultServiceAccount } from '../../../operation/names.ts'
import type { RestoreFlags } from './command.ts'

/** A value quoted for a shell. */
function quoted(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}

/**
 * The flags of a restore that its undo and the removal of what it kept need too: they start the same Job on the same
 * databases. Each is as a shell reads it.
 */
export function repeatedFlags(flags: RestoreFlags): string[] {
  const given: Record<string, string | readonly string[] | undefined> = {
    'database-secret': flags.databaseSecret,
    image: flags.image,
    'registry-mirror': flags.registryMirror,
    'image-pull-policy': flags.imagePullPolicy,
    'image-pull-secret': flags.imagePullSecret,
    'service-account': flags.serviceAccount === defaultServiceAccount ? undefined : flags.serviceAccount,
    'node-selector': flags.nodeSelector,
    toleration: flags.toleration,
    requests: flags.requests,
    limits: flags.limits,
    patch: flags.patch,
    'admin-port': flags.adminPort === undefined ? undefined : String(flags.adminPort),
    'tls-ca-file': flags.tlsCaFile,
    'tls-ca-secret': flags.tlsCaSecret,
    'tls-authority': flags.tlsAuthority,
  }
  const valueless = [...(flags.tls ? ['--tls'] : []), ...(flags.guard ? [] : ['--guard=false'])]
  const valued = Object.entries(given).flatMap(([name, values]) =>
    [values ?? []].flat().map((value) => `--${name} ${quoted(value)}`),
  )
  return [...valued, ...valueless]
}
