import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '../..')
const width = 120

/** What cannot be broken: an address, and a regular expression. */
const unbreakable = /:\/\/|^\s*(\w+: )?\/(?![*/]).*\/\w*(\.exec\()?,?$/

t.test(`no line of code or comment is wider than ${width} columns`, async (t) => {
  const files = globSync('{bench,build,job,manifests,operation,plugin,test}/**/*.ts', { cwd: root })
  t.ok(files.length > 100, 'there are files to look at')
  const wide = files.flatMap((file) =>
    readFileSync(resolve(root, file), 'utf8')
      .split('\n')
      .flatMap((line, index) => (line.length > width && !unbreakable.test(line) ? `${file}:${index + 1}` : [])),
  )
  t.strictSame(wide, [])
})
