import { badRequest } from '../../service/errors.ts'
import { parseQuery, type Expression, type Query } from './sql.ts'

export interface Parameter {
  name: string
  value: unknown
}

/** A query as clients send it. */
export interface QuerySpec {
  query: string
  parameters?: readonly Parameter[]
}

type Row = Readonly<Record<string, unknown>>

interface Scope {
  alias: string
  row: Row
  parameters: readonly Parameter[]
}

/** Where types stand in an order. */
const rank = (value: unknown): number =>
  value === undefined ? 0 : value === null ? 1 : ['boolean', 'number', 'string', 'object'].indexOf(typeof value) + 2

/** Undefined where the values are of different types: then no comparison holds. */
function compared(a: unknown, b: unknown): number | undefined {
  if (rank(a) !== rank(b) || a === undefined) return undefined
  if (typeof a === 'object') return JSON.stringify(a) === JSON.stringify(b) ? 0 : undefined
  if (a === b) return 0
  return (a as number) < (b as number) ? -1 : 1
}

const comparisons: Record<string, (order: number) => boolean> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

function called(name: string, [first, second]: readonly unknown[]): unknown {
  switch (name) {
    case 'IS_DEFINED':
      return first !== undefined
    case 'IS_NULL':
      return first === null
    case 'STARTSWITH':
      return typeof first === 'string' && first.startsWith(String(second))
    case 'LOWER':
      return typeof first === 'string' ? first.toLowerCase() : undefined
    default:
      throw badRequest(`'${name}' is not a recognized built-in function name.`)
  }
}

function valueOf(expression: Expression, scope: Scope): unknown {
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'parameter':
      return scope.parameters.find(({ name }) => name === expression.name)?.value
    case 'path': {
      const [root, ...steps] = expression.steps
      if (root !== scope.alias) throw badRequest(`Identifier '${root}' could not be resolved.`)
      return steps.reduce<unknown>((value, step) => (value as Row | null | undefined)?.[step], scope.row)
    }
    case 'object':
      return Object.fromEntries(expression.members.map(({ name, value }) => [name, valueOf(value, scope)]))
    case 'call':
      return called(
        expression.name,
        expression.arguments.map((each) => valueOf(each, scope)),
      )
    case 'not':
      return valueOf(expression.of, scope) === false
    case 'binary': {
      const left = valueOf(expression.left, scope)
      if (expression.operator === 'and') return left === true && valueOf(expression.right, scope) === true
      if (expression.operator === 'or') return left === true || valueOf(expression.right, scope) === true
      const order = compared(left, valueOf(expression.right, scope))
      return order === undefined ? undefined : comparisons[expression.operator]?.(order)
    }
    default:
      return undefined
  }
}

const aggregates: Record<string, (values: readonly number[]) => unknown> = {
  COUNT: (values) => values.length,
  SUM: (values) => values.reduce((sum, value) => sum + value, 0),
  MAX: (values) => (values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b))),
  MIN: (values) => (values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b))),
}

function ordered(rows: readonly Scope[], { orderBy }: Query): Scope[] {
  return rows.toSorted((a, b) => {
    for (const { by, descending } of orderBy) {
      const [left, right] = [valueOf(by, a), valueOf(by, b)]
      const order = rank(left) - rank(right) || (compared(left, right) ?? 0)
      if (order !== 0) return descending ? -order : order
    }
    return 0
  })
}

/** What a query selects of rows. @throws AzureError 400 */
export function evaluate({ query: text, parameters = [] }: QuerySpec, rows: readonly Row[]): unknown[] {
  const query = parseQuery(text)
  const { alias, where, select, offset, limit } = query
  const scopes = rows.map((row): Scope => ({ alias, row, parameters }))
  const found = where === undefined ? scopes : scopes.filter((scope) => valueOf(where, scope) === true)
  if (typeof select === 'object' && 'value' in select && select.value.kind === 'call') {
    const aggregate = aggregates[select.value.name]
    const [of] = select.value.arguments
    if (aggregate !== undefined && of !== undefined)
      return [aggregate(found.map((scope) => valueOf(of, scope)).filter((value) => value !== undefined) as number[])]
  }
  const chosen = ordered(found, query).slice(offset, offset + limit)
  if (select === 'all') return chosen.map(({ row }) => row)
  if ('value' in select)
    return chosen.map((scope) => valueOf(select.value, scope)).filter((value) => value !== undefined)
  return chosen.map((scope) =>
    Object.fromEntries(select.members.map(({ name, value }) => [name, valueOf(value, scope)])),
  )
}

/** What clients ask before a query across partitions: here there is one range, so that nothing is left to them. */
export const queryPlan = ({ query }: QuerySpec): object => {
  const { select } = parseQuery(query)
  return {
    partitionedQueryExecutionInfoVersion: 2,
    queryInfo: {
      distinctType: 'None',
      top: null,
      offset: null,
      limit: null,
      orderBy: [],
      orderByExpressions: [],
      groupByExpressions: [],
      groupByAliases: [],
      aggregates: [],
      groupByAliasToAggregateType: {},
      rewrittenQuery: '',
      hasSelectValue: typeof select === 'object' && 'value' in select,
      hasNonStreamingOrderBy: false,
    },
    queryRanges: [{ min: '', max: 'FF', isMinInclusive: true, isMaxInclusive: false }],
  }
}
