import { readFileSync, globSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '../..')

/** Which top folders each top folder may import from; architecture: both programs know only the contract between them. */
const allowed: Record<string, string[]> = {
  operation: ['operation'],
  plugin: ['plugin', 'operation', 'manifests'],
  job: ['job', 'operation'],
}

function importsOf(file: string): string[] {
  const text = readFileSync(resolve(root, file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    relative(root, resolve(root, dirname(file), match[1] ?? '')),
  )
}

for (const [folder, may] of Object.entries(allowed)) {
  t.test(`${folder}/ imports only from ${may.join(', ')}`, (t) => {
    const files = globSync(`${folder}/**/*.ts`, { cwd: root })
    t.ok(files.length > 0, 'there are files to look at')
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => !may.includes(imported.split(sep)[0] ?? ''))
        .map((imported) => `${file} imports ${imported}`),
    )
    t.strictSame(wrong, [])
    t.end()
  })
}

t.test('no database or storage knows another', (t) => {
  const wrong = globSync('job/{databases,storage}/*/*.ts', { cwd: root }).flatMap((file) => {
    const own = dirname(file)
    return importsOf(file)
      .filter((imported) => /^job\/(databases|storage)\/[^/]+\//.test(imported) && !imported.startsWith(`${own}/`))
      .map((imported) => `${file} imports ${imported}`)
  })
  t.strictSame(wrong, [])
  t.end()
})
