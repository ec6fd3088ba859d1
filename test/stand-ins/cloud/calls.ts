const most = 200_000

/** The calls made, in the order of their answers. */
export class Calls<Call> {
  #calls: Call[] = []

  add(call: Call): void {
    this.#calls.push(call)
    if (this.#calls.length > most) this.#calls = this.#calls.slice(most / 2)
  }

  get all(): readonly Call[] {
    return this.#calls
  }

  forget(): void {
    this.#calls = []
  }
}
