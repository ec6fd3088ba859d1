import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import t from 'tap'
import { bundleProgram } from '../../../build/bundle/bundle.ts'
import { namesOf } from '../../../build/bundle/first-use.ts'
import { partOf } from '../../../build/bundle/parts.ts'
import { projectFolder } from '../../../build/project.ts'

const bundled = bundleProgram('job/main.ts', 'tested-parts')

/** What the worker's sources use of packages that are parts, by package. */
function usedOfParts(): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>()
  const use = (path: string, names: readonly string[]) =>
    partOf(path) !== undefined && used.set(path, (used.get(path) ?? new Set()).union(new Set(names)))
  const listed = (clause: string) =>
    clause
      .split(',')
      .map((name) => name.trim().split(/ as |:/)[0] ?? '')
      .filter((name) => name !== '' && !name.startsWith('type '))
  for (const file of globSync('{job,kubernetes,operation}/**/*.ts', { cwd: projectFolder })) {
    const source = readFileSync(join(projectFolder, file), 'utf8')
    for (const [, names = '', path = ''] of source.matchAll(/^import \{([^}]*)\} from '([^']+)'/gm))
      use(path, listed(names))
    for (const [, names = '', path = ''] of source.matchAll(/\{([^{}]*)\} = \(await import\('([^']+)'\)\)\.default/g))
      use(path, listed(names))
    for (const [, whole = '', path = ''] of source.matchAll(/^import (\w+) from '([^']+)'/gm)) {
      const members = [...source.matchAll(new RegExp(`\\b${whole}\\.(\\w+)`, 'g'))].map(([, name = '']) => name)
      const taken = [...source.matchAll(new RegExp(`\\{([^{}]*)\\} = ${whole}\\b`, 'g'))]
      use(path, [...members, ...taken.flatMap(([, names = '']) => listed(names))])
    }
  }
  return used
}

t.test('every part of the bundled worker loads, and has what is asked of it', async (t) => {
  const files = await bundled
  const used = usedOfParts()
  t.ok(used.size >= 12, [...used.keys()].join())
  const { resolve } = createRequire(import.meta.url)
  for (const [path, names] of used) {
    const part = files.find((file) => basename(file) === `${partOf(path)}.cjs`)
    t.ok(part, path)
    const loaded = createRequire(import.meta.url)(part ?? '') as Record<string, Record<string, unknown>>
    const handedOn = await namesOf(resolve(path))
    t.ok(names.size > 0, path)
    for (const name of names) {
      t.ok(handedOn.includes(name), `${name} of ${path}`)
      t.not(loaded[path]?.[name], undefined, `${name} of ${path}, loaded`)
    }
  }
})

t.test('no part is loaded before something of it is asked for', async (t) => {
  const [worker, ...others] = await bundled
  t.ok(others.filter((file) => file.endsWith('.cjs')).length >= 5)
  t.ok(statSync(worker).size < 1_900_000, `${statSync(worker).size} bytes`)
  const recorder = join(t.testdir(), 'recorder.cjs')
  writeFileSync(
    recorder,
    `const Module = require('node:module')
     const load = Module._load
     Module._load = (...args) => (console.log('loads', args[0]), load(...args))`,
  )
  const started = (program: string) =>
    spawnSync(process.execPath, ['--require', recorder, program], { encoding: 'utf8' }).stdout
  // It is in no pod, so that it ends at once.
  const ofWorker = started(worker)
  t.match(ofWorker, 'the worker failed')
  t.match(ofWorker, /^loads node:https$/m)
  t.notMatch(ofWorker, /^loads \.\//m)
  // As they are loaded for a request.
  for (const operation of ['backup', 'restore']) {
    const [alone] = await bundleProgram(`job/operations/${operation}/${operation}.ts`, `tested-${operation}`)
    const ofOperation = started(alone)
    t.match(ofOperation, /^loads node:crypto$/m)
    t.notMatch(ofOperation, /^loads \.\//m, operation)
  }
})
