/** A value with all that it was, and since when. */
export class Timeline<T> {
  readonly #states: { ms: number; value: T | undefined }[] = []

  /** @param value undefined: there is none from now on */
  set(ms: number, value: T | undefined): void {
    this.#states.push({ ms, value })
  }

  get now(): T | undefined {
    return this.#states.at(-1)?.value
  }

  /** What it was at a moment; a change of that very moment counts. */
  at(ms: number): T | undefined {
    return this.#states.findLast((state) => state.ms <= ms)?.value
  }

  get states(): readonly { ms: number; value: T | undefined }[] {
    return this.#states
  }
}
