/** An item in the JSON of the wire: attribute name to {S|N|B|…: value}. */
export type Item = Record<string, Record<string, unknown>>

interface Version {
  atMs: number
  /** undefined: deleted */
  item: Item | undefined
}

function canonical(value: Record<string, unknown> | undefined): string {
  const [type, content] = Object.entries(value ?? {})[0] ?? ['', '']
  // 1 and 1.0 are the same key
  const number = type === 'N' && String(content).length <= 15 ? String(Number(content)) : String(content)
  return `${type}:${number}`
}

/** Every state that each item of a table ever had, by the service's clock. */
export class History {
  readonly #keys: readonly string[]
  readonly #versions = new Map<string, Version[]>()
  #items = 0
  #bytes = 0

  /** @param keys the key attributes, partition key first */
  constructor(keys: readonly string[], items: Iterable<Item> = []) {
    this.#keys = keys
    for (const item of items) this.record(-Infinity, item, item)
  }

  /** Identity of an item, from the item or its key. */
  keyOf(item: Item): string {
    return JSON.stringify(this.#keys.map((name) => canonical(item[name])))
  }

  keyAttributes(item: Item): Item {
    return Object.fromEntries(this.#keys.map((name) => [name, item[name] ?? {}]))
  }

  record(atMs: number, key: Item, item: Item | undefined): void {
    const name = this.keyOf(key)
    const versions = this.#versions.get(name)
    this.#count(versions?.at(-1)?.item, -1)
    this.#count(item, 1)
    if (versions === undefined) this.#versions.set(name, [{ atMs, item }])
    else versions.push({ atMs, item })
  }

  #count(item: Item | undefined, by: 1 | -1): void {
    if (item === undefined) return
    this.#items += by
    this.#bytes += by * JSON.stringify(item).length
  }

  /** All items as they were at a moment, ms; the moment may differ from item to item. */
  at(moment: number | (() => number)): Item[] {
    const items: Item[] = []
    for (const versions of this.#versions.values()) {
      const ms = typeof moment === 'number' ? moment : moment()
      const item = versions.findLast((version) => version.atMs <= ms)?.item
      if (item !== undefined) items.push(item)
    }
    return items
  }

  get size(): { items: number; bytes: number } {
    return { items: this.#items, bytes: this.#bytes }
  }
}
