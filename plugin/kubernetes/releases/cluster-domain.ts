import type { Session } from '../api/session.ts'

/** What nearly all clusters have. */
const usual = 'cluster.local'

/** The zone that a Corefile has the plugin `kubernetes` serve, other than those for the names of addresses. */
export function zoneOf(corefile: string): string | undefined {
  const [, zones = ''] = /^\s*kubernetes[ \t]+([^\n{]+)/m.exec(corefile) ?? []
  return zones
    .trim()
    .split(/\s+/)
    .find((zone) => zone !== '' && !zone.endsWith('.arpa'))
}

/** The cluster's DNS domain, which is in no API object of its own: as CoreDNS is told it, where that may be read. */
export async function clusterDomain(session: Session): Promise<string> {
  try {
    const { data } = await session.core.readNamespacedConfigMap({ name: 'coredns', namespace: 'kube-system' })
    return zoneOf(data?.['Corefile'] ?? '') ?? usual
  } catch {
    return usual
  }
}
