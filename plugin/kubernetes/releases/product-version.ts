import type { V1Deployment } from '@kubernetes/client-node'

const versionLabel = 'app.kubernetes.io/version'

/**
 * Version of the product that a Deployment runs: by its image's tag, else, where that is none (a digest, `latest`), by
 * the label that the official charts set from their appVersion.
 * @returns undefined where neither tells
 */
export function productVersion(deployment: V1Deployment | undefined, image: string | undefined): string | undefined {
  const tag = /:(?<tag>[\w.-]+)(?:@.*)?$/.exec(image ?? '')?.groups?.['tag']
  const labels = [deployment?.metadata?.labels, deployment?.spec?.template.metadata?.labels]
  return [tag, ...labels.map((some) => some?.[versionLabel])].find((text) => /^v?\d+\.\d+/.test(text ?? ''))
}
