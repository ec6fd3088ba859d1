// Room: the queries that ScalarDB and the schema loader make, and little more.
// Read sql, evaluate.

import { badRequest } from '../../service/errors.ts'

export type Expression =
  | { kind: 'literal'; value: unknown }
  | { kind: 'parameter'; name: string }
  | { kind: 'path'; steps: readonly (string | number)[] }
  | { kind: 'object'; members: readonly { name: string; value: Expression }[] }
  | { kind: 'call'; name: string; arguments: readonly Expression[] }
  | { kind: 'not'; of: Expression }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression }

export interface Query {
  select: 'all' | { value: Expression } | { members: readonly { name: string; value: Expression }[] }
  /** what a document is called in it */
  alias: string
  where: Expression | undefined
  orderBy: readonly { by: Expression; descending: boolean }[]
  offset: number
  limit: number
}

const token =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.|'')*')|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(@\w+)|(\w+)|(<=|>=|!=|<>|[=<>(){}[\],.:*]))/gy

interface Token {
  kind: 'text' | 'number' | 'parameter' | 'word' | 'sign'
  text: string
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  token.lastIndex = 0
  const end = text.trimEnd().length
  while (token.lastIndex < end) {
    const match = token.exec(text)
    if (match === null) throw badRequest(`Syntax error in the query: ${text}`)
    const [, quoted, number, parameter, word, sign] = match
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted })
    else if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (parameter !== undefined) tokens.push({ kind: 'parameter', text: parameter })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    else tokens.push({ kind: 'sign', text: sign ?? '' })
  }
  return tokens
}

const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

/** A text without its quotes; in single quotes a doubled one stands for one, as jOOQ writes it. */
function unquoted(text: string): string {
  const inside = text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "\\'") : text.slice(1, -1)
  return inside.replace(/\\(?:u([\da-fA-F]{4})|(.))/gs, (_, code: string | undefined, char: string) =>
    code === undefined ? (escapes[char] ?? char) : String.fromCodePoint(Number.parseInt(code, 16)),
  )
}

const constants: Record<string, unknown> = { true: true, false: false, null: null }

class Parser {
  readonly #tokens: Token[]
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokensOf(text)
  }

  #fail(): never {
    throw badRequest(`Syntax error, incorrect syntax near '${this.#tokens[this.#at]?.text ?? ''}' in: ${this.#text}`)
  }

  #peek(text: string): boolean {
    const next = this.#tokens[this.#at]
    return next !== undefined && next.kind !== 'text' && next.text.toLowerCase() === text
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false
    this.#at += 1
    return true
  }

  #expect(text: string): void {
    if (!this.#take(text)) this.#fail()
  }

  #next(kind: Token['kind']): string {
    const next = this.#tokens[this.#at]
    if (next?.kind !== kind) this.#fail()
    this.#at += 1
    return next.text
  }

  query(): Query {
    this.#expect('select')
    const top = this.#take('top') ? Number(this.#next('number')) : Infinity
    const select = this.#select()
    this.#expect('from')
    const root = this.#next('word')
    this.#take('as')
    const next = this.#tokens[this.#at]
    const named = next?.kind === 'word' && !['where', 'order', 'offset'].includes(next.text.toLowerCase())
    const alias = named ? this.#next('word') : root
    const where = this.#take('where') ? this.#or() : undefined
    const orderBy: { by: Expression; descending: boolean }[] = []
    if (this.#take('order')) {
      this.#expect('by')
      do {
        const by = this.#primary()
        const descending = this.#take('desc')
        if (!descending) this.#take('asc')
        orderBy.push({ by, descending })
      } while (this.#take(','))
    }
    let [offset, limit] = [0, top]
    if (this.#take('offset')) {
      offset = Number(this.#next('number'))
      this.#expect('limit')
      limit = Number(this.#next('number'))
    }
    if (this.#at < this.#tokens.length) this.#fail()
    return { select, alias, where, orderBy, offset, limit }
  }

  #select(): Query['select'] {
    if (this.#take('*')) return 'all'
    if (this.#take('value')) return { value: this.#or() }
    const members: { name: string; value: Expression }[] = []
    do {
      const value = this.#or()
      const last = value.kind === 'path' ? value.steps.at(-1) : undefined
      const name = this.#take('as') ? this.#next('word') : String(last ?? `$${members.length + 1}`)
      members.push({ name, value })
    } while (this.#take(','))
    return { members }
  }

  #or(): Expression {
    let left = this.#and()
    while (this.#take('or')) left = { kind: 'binary', operator: 'or', left, right: this.#and() }
    return left
  }

  #and(): Expression {
    let left = this.#comparison()
    while (this.#take('and')) left = { kind: 'binary', operator: 'and', left, right: this.#comparison() }
    return left
  }

  #comparison(): Expression {
    if (this.#take('not')) return { kind: 'not', of: this.#comparison() }
    const left = this.#primary()
    for (const operator of ['<=', '>=', '!=', '<>', '=', '<', '>'])
      if (this.#take(operator)) return { kind: 'binary', operator, left, right: this.#primary() }
    return left
  }

  #primary(): Expression {
    const next = this.#tokens[this.#at]
    if (this.#take('(')) {
      const inside = this.#or()
      this.#expect(')')
      return inside
    }
    if (this.#take('{')) return this.#object()
    switch (next?.kind) {
      case 'text':
        return { kind: 'literal', value: unquoted(this.#next('text')) }
      case 'number':
        return { kind: 'literal', value: Number(this.#next('number')) }
      case 'parameter':
        return { kind: 'parameter', name: this.#next('parameter') }
      case 'word':
        return this.#named(this.#next('word'))
      default:
        return this.#fail()
    }
  }

  #object(): Expression {
    const members: { name: string; value: Expression }[] = []
    while (!this.#take('}')) {
      const name = unquoted(this.#next('text'))
      this.#expect(':')
      members.push({ name, value: this.#or() })
      this.#take(',')
    }
    return { kind: 'object', members }
  }

  #named(word: string): Expression {
    if (word.toLowerCase() in constants) return { kind: 'literal', value: constants[word.toLowerCase()] }
    if (this.#take('(')) {
      const given: Expression[] = []
      while (!this.#take(')')) {
        given.push(this.#or())
        this.#take(',')
      }
      return { kind: 'call', name: word.toUpperCase(), arguments: given }
    }
    const steps: (string | number)[] = [word]
    for (;;) {
      if (this.#take('.')) steps.push(this.#next('word'))
      else if (this.#take('[')) {
        const isText = this.#tokens[this.#at]?.kind === 'text'
        steps.push(isText ? unquoted(this.#next('text')) : Number(this.#next('number')))
        this.#expect(']')
      } else return { kind: 'path', steps }
    }
  }
}

/** @throws AzureError 400 */
export const parseQuery = (text: string): Query => new Parser(text).query()
