import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '../..')
const width = 120
/** Not wrapped yet. */
const exempt = /^(job\/databases\/(database|open|registry)\.ts|operation\/databases\/|plugin\/commands\/restore\/)/

t.test(`no comment is wider than ${width} columns, but for addresses`, async (t) => {
  const files = globSync('{bench,build,job,manifests,operation,plugin,test}/**/*.ts', { cwd: root })
  t.ok(files.length > 100, 'there are files to look at')
  const wide = files
    .filter((file) => !exempt.test(file))
    .flatMap((file) =>
      readFileSync(resolve(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) =>
          line.length > width && /^\s*(\/\/|\/\*\*|\*) /.test(line) && !line.includes('://')
            ? `${file}:${index + 1}`
            : [],
        ),
    )
  t.strictSame(wide, [])
})
