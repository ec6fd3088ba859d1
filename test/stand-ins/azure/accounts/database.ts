import { Timeline } from './timeline.ts'
import { newEtag, newRid, type Container, type Throughput } from './container.ts'

/** A database: its containers, those of former times too, and the throughput that they share. */
export class Database {
  readonly name: string
  readonly rid = newRid(4)
  readonly createdMs: number
  deletedMs: number | undefined
  readonly etag = newEtag()
  readonly throughput = new Timeline<Throughput>()
  readonly #containers: Container[] = []

  constructor(name: string, atMs: number, throughput: Throughput | undefined) {
    this.name = name
    this.createdMs = atMs
    this.throughput.set(atMs, throughput)
  }

  get containers(): Container[] {
    return this.#containers.filter(({ deletedMs }) => deletedMs === undefined)
  }

  /** Deleted ones included, oldest first. */
  get everyContainer(): readonly Container[] {
    return this.#containers
  }

  container(name: string): Container | undefined {
    return this.containers.find((container) => container.name === name)
  }

  add(container: Container): void {
    this.#containers.push(container)
  }

  delete(atMs: number): void {
    this.deletedMs = atMs
    for (const container of this.containers) container.deletedMs = atMs
  }

  existedAt(ms: number): boolean {
    return this.createdMs <= ms && (this.deletedMs === undefined || this.deletedMs > ms)
  }
}
