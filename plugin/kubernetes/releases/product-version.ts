import type { V1Deployment } from '@kubernetes/client-node'

const versionLabel = 'app.kubernetes.io/version'
const chartLabel = 'helm.sh/chart'

/**
 * The product in each minor version of an official chart, from .0 on (scalar-labs/helm-charts: every release's
 * Chart.yaml).
 */
const ofScalarDl = '3.3 3.3 3.4 3.5 3.6 3.7 3.8 3.9 3.9 3.10 3.11 3.12 3.13'.split(' ')
const charts: Record<string, readonly string[]> = {
  'scalardl-4': ofScalarDl,
  'scalardl-audit-2': ofScalarDl,
  'scalardb-cluster-1': '3.9 3.10 3.11 3.12 3.12 3.13 3.14 3.15 3.16 3.16 3.17 3.18'.split(' '),
}

/**
 * Version of the product that a Deployment runs: by its image's tag, else, where that is none (a digest, `latest`), by
 * the label that the official charts set from their appVersion, else by the chart's own version.
 * @returns undefined where none tells
 */
export function productVersion(deployment: V1Deployment | undefined, image: string | undefined): string | undefined {
  const tag = /:(?<tag>[\w.-]+)(?:@.*)?$/.exec(image ?? '')?.groups?.['tag']
  const labels = [deployment?.metadata?.labels, deployment?.spec?.template.metadata?.labels]
  const told = [
    tag,
    ...labels.map((some) => some?.[versionLabel]),
    ...labels.map((some) => versionInChart(some?.[chartLabel])),
  ]
  return told.find((text) => /^v?\d+\.\d+/.test(text ?? ''))
}

/** @param label such as scalardl-4.9.1 */
function versionInChart(label: string | undefined): string | undefined {
  const [, chart = '', minor] = /^([\w-]+-\d+)\.(\d+)\.\d+$/.exec(label ?? '') ?? []
  return charts[chart]?.[Number(minor)]
}
