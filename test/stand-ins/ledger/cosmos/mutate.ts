/** Name of the procedure that every table's container has (scalar-labs/scalardb, CosmosAdmin). */
export const procedureName = 'mutate.js'

/** What a mutation is, by the numbers that ScalarDB gives them (scalar-labs/scalardb, CosmosMutation.MutationType). */
export const mutation = { put: 0, putIfNotExists: 1, putIf: 2, deleteIf: 3 } as const

/** What tells that a condition was not met. */
export const notMutated = 412

/**
 * The procedure: it is called as ScalarDB's is, with a number of mutations, their kinds, their records, and the queries
 * that find what they change. Columns without a value are left out.
 */
export const procedureBody = `function mutate(count, ...given) {
  const part = (index) => given.slice(index * count, (index + 1) * count)
  const [kinds, records, queries] = [part(0), part(1), part(2)]
  const container = getContext().getCollection()
  const link = container.getSelfLink()
  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

  const changed = (present, change) => {
    const result = Object.assign({}, present)
    for (const name of Object.keys(change)) {
      if (change[name] === null) delete result[name]
      else if (isObject(change[name])) result[name] = changed(isObject(result[name]) ? result[name] : {}, change[name])
      else result[name] = change[name]
    }
    return result
  }

  const check = (error) => {
    if (error) throw error
  }

  const mutate = (kind, record, found) => {
    if (kind === 3) {
      if (found.length === 0) throw new Error(412, 'no mutation')
      for (const each of found) container.deleteDocument(each._self, check)
      return
    }
    if (kind === 1 ? found.length > 0 : kind === 2 && found.length === 0) throw new Error(412, 'no mutation')
    container.upsertDocument(link, changed(found[0] || {}, record), check)
  }

  for (let index = 0; index < count; index += 1) {
    container.queryDocuments(link, queries[index], (error, found) => {
      check(error)
      mutate(kinds[index], records[index], found)
    })
  }
}
`
