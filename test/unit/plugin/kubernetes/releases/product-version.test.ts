import t from 'tap'
import { productVersion } from '../../../../../plugin/kubernetes/releases/product-version.ts'

t.test("a product's version is its image's tag, else its chart's label, else unknown", async (t) => {
  const of = (version: string) => ({
    metadata: { labels: { 'app.kubernetes.io/version': version } },
    spec: { selector: {}, template: {} },
  })
  t.equal(productVersion(of('3.9.0'), 'ghcr.io/scalar-labs/scalardl-ledger:3.6.4'), '3.6.4', 'the chart is another')
  t.equal(productVersion(of('3.9.0'), 'registry:5000/scalardl-ledger:3.6.4@sha256:0123'), '3.6.4')
  t.equal(productVersion(of('3.9.0'), 'registry:5000/scalardl-ledger'), '3.9.0', 'a port is no tag')
  t.equal(productVersion(of('3.9.0'), 'scalardl-ledger@sha256:0123'), '3.9.0')
  t.equal(productVersion(of('3.9.0'), 'scalardl-ledger:latest'), '3.9.0')
  t.equal(productVersion(of('main'), 'scalardl-ledger:latest'), undefined)
  t.equal(productVersion(undefined, undefined), undefined)
})

t.test("where neither tells, the official chart's own version does", async (t) => {
  const of = (chart: string, version?: string) => ({
    metadata: { labels: { 'helm.sh/chart': chart, ...(version && { 'app.kubernetes.io/version': version }) } },
    spec: { selector: {}, template: {} },
  })
  const digest = 'scalardl-ledger@sha256:0123'
  t.equal(productVersion(of('scalardl-4.9.1'), digest), '3.10')
  t.equal(productVersion(of('scalardl-audit-2.3.0'), digest), '3.5')
  t.equal(productVersion(of('scalardb-cluster-1.11.0'), digest), '3.18')
  t.equal(productVersion(of('scalardl-4.9.1', '3.8.0'), digest), '3.8.0', 'the label comes first')
  t.equal(productVersion(of('scalardl-4.99.0'), digest), undefined, 'a chart that nobody knew')
  t.equal(productVersion(of('our-ledger-4.9.1'), digest), undefined)
  t.equal(productVersion(of('scalardl-5.0.0-SNAPSHOT'), digest), undefined)
})
