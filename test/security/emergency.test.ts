import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '../..')

/** A file and all that it imports, whether directly or not, of this project. */
function reachedFrom(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export|\}) (?!type).*?from '(\.[^']+)'/gm,
  ))
    reachedFrom(resolve(dirname(file), path), seen)
  return seen
}

t.test('an emergency unpause goes by no key, no signature, no Job and no policy', (t) => {
  const reached = [...reachedFrom(resolve(root, 'plugin/commands/unpause/direct.ts'))].map((file) =>
    relative(root, file),
  )
  t.ok(reached.includes('plugin/kubernetes/admin/direct-unpause.ts') && reached.length > 20, `${reached.length} files`)
  const guarded = /^operation\/signature\/|signing|refuse-untrusted|\/jobs\/compose\/|install/
  t.strictSame(
    reached.filter((file) => guarded.test(file)),
    [],
  )
  t.end()
})
