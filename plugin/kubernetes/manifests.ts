import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import * as z from 'zod'

/** manifests/install/ is applied as it is; manifests/job/ are templates that the plugin completes. */
export type ManifestName =
  | 'install/service-account'
  | 'install/role'
  | 'install/role-binding'
  | 'install/exec-role'
  | 'install/pods-role'
  | 'install/repoint-role'
  | 'install/former-secret'
  | 'install/network-policy-jobs'
  | 'install/network-policy-ledger'
  | 'install/network-policy-auditor'
  | 'install/admission-policy'
  | 'install/admission-policy-binding'
  | 'job/worker-job'
  | 'job/guard-job'
  | 'job/own-tool'

const header = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})

/**
 * The text of a manifest of the folder manifests/. The build puts the texts into the executable in place of this file's
 * read.
 */
export function manifestText(name: ManifestName): string {
  return readFileSync(new URL(`../../manifests/${name}.yaml`, import.meta.url), 'utf8')
}

/**
 * A manifest as a typed object of its own, to be completed. The type is the caller's word; the kind is checked by the
 * API server's schema in tests.
 */
export function readManifest<T>(name: ManifestName): T {
  const document: unknown = parse(manifestText(name), { version: '1.1' })
  return header.parse(document) as T
}
