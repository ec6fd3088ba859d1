/** How the namespaces of ScalarDL's own tables begin, by product (ScalarDL Schema Loader). */
const ownNamespaces: Record<string, RegExp> = { ledger: /^scalar(_|$)/, auditor: /^auditor(_|$)/ }

/** A namespace of ScalarDB that is none of the products' that are named. */
export interface ForeignNamespace {
  namespace: string
  /** the product whose it is by its name */
  app: string | undefined
}

/**
 * Of the namespaces that live in one place with those of some products, the others. Under ScalarDB Cluster any may be
 * its applications' own, but not those of ScalarDL.
 * @param system ScalarDB's own
 */
export function foreignNamespaces(
  namespaces: readonly string[],
  { apps, system }: { apps: readonly string[]; system: readonly string[] },
): ForeignNamespace[] {
  return [...new Set(namespaces)]
    .filter((namespace) => namespace !== '' && !system.includes(namespace))
    .flatMap((namespace) => {
      const app = Object.keys(ownNamespaces).find((product) => ownNamespaces[product]?.test(namespace))
      const own = app === undefined ? apps.includes('scalardb-cluster') : apps.includes(app)
      return own ? [] : [{ namespace, app }]
    })
}
