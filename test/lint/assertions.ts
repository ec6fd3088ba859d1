/** What this rule reads of a syntax tree, as ESTree names it. */
interface Node {
  type: string
  name?: string
  callee?: Node
  property?: Node
  arguments?: Node[]
  elements?: (Node | null)[]
  properties?: Node[]
  value?: Node
}
interface Context {
  report(problem: { node: Node; message: string }): void
}

/**
 * A rule of the linter: no assertion of tap holds whatever it is given. `t.match(x, [])` and `t.match(x, { list: [] })`
 * hold for every list, as tcompare compares them; write `{ length: 0 }`. What is always truthy makes `t.ok` hold.
 */
export default {
  meta: { name: 'assertions' },
  rules: {
    'can-fail': {
      create: (context: Context) => ({
        CallExpression(call: Node) {
          const [first, second] = call.arguments ?? []
          const method = methodOf(call)
          if (method === 'match' || method === 'has')
            for (const node of emptyIn(second))
              context.report({
                node,
                message: 'An empty pattern matches everything. For an empty list: { length: 0 }.',
              })
          if (method === 'ok' && first !== undefined && isTruthy(first))
            context.report({ node: first, message: 'This is always truthy. Assert what is in it.' })
        },
      }),
    },
  },
}

function methodOf({ callee }: Node): string | undefined {
  return callee?.type === 'MemberExpression' ? callee.property?.name : undefined
}

/** The empty lists and objects of a pattern, at any depth. */
function emptyIn(node: Node | null | undefined): Node[] {
  if (node?.type === 'ArrayExpression') return node.elements?.length ? node.elements.flatMap(emptyIn) : [node]
  if (node?.type !== 'ObjectExpression') return []
  return node.properties?.length ? node.properties.flatMap(({ value }) => emptyIn(value)) : [node]
}

/** Methods that answer with a list, whatever is in it. */
const listing = new Set(['concat', 'filter', 'flatMap', 'map', 'matchAll', 'slice', 'sort', 'split', 'toSorted'])
const literals = new Set(['ArrayExpression', 'ObjectExpression', 'ArrowFunctionExpression', 'FunctionExpression'])

function isTruthy(node: Node): boolean {
  return literals.has(node.type) || (node.type === 'CallExpression' && listing.has(methodOf(node) ?? ''))
}
