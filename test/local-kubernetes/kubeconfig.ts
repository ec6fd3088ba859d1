import { readFileSync, writeFileSync } from 'node:fs'
import type { KeyPair } from './certificates.ts'

/** Writes a kubeconfig, readable by its owner alone, that needs no other file. */
export function writeKubeconfig(file: string, context: string, server: string, authority: string, user: KeyPair): void {
  const base64 = (path: string) => readFileSync(path).toString('base64')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context, cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [
      {
        name: context,
        user: { 'client-certificate-data': base64(user.certificate), 'client-key-data': base64(user.key) },
      },
    ],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    'current-context': context,
  }
  writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 })
}
