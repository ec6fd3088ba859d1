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
