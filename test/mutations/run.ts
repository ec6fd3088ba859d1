import { execFileSync, spawn } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectFolder } from '../../build/project.ts'
import { makeTestClass } from '../test-class.ts'
import type { Mutation } from './mutation.ts'
import { mutations } from './mutations.ts'

/**
 * `npm run test:mutations`: applies each deliberate breakage to a copy of this tree and runs the tests that have to see
 * it, after those have passed without. Arguments choose the mutations whose title has one of them. Fails where a
 * mutation survives, and where its text is not found any more.
 */
const wanted = process.argv.slice(2)
const chosen = mutations.filter(({ title }) => wanted.length === 0 || wanted.some((text) => title.includes(text)))
if (chosen.length === 0) throw new Error(`no mutation is called ${wanted.join(' or ')}`)

makeTestClass()

/** Every file that belongs to the project, as it is now, with the installed packages. */
function copyOfTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mutations-'))
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: projectFolder,
    encoding: 'utf8',
  })
  for (const file of files.trim().split('\n')) {
    const from = join(projectFolder, file)
    if (file !== 'node_modules') cpSync(from, join(folder, file), { force: true })
  }
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** The one file that a pattern finds. @throws Error where there is none, or several */
function only(what: string, found: readonly string[]): string {
  const [file] = found
  if (file === undefined || found.length > 1) throw new Error(`${what}: ${found.length} found, instead of one`)
  return file
}

function testsOf(folder: string, { tests }: Mutation): string[] {
  return tests.map((name) => only(name, globSync(`test/{unit,security}/**/${name}`, { cwd: folder })))
}

/** Changes the file. @returns puts it back. @throws Error where a text is not in it once */
function mutate(folder: string, { file: text, changes }: Mutation): () => void {
  const files = globSync('{job,kubernetes,operation,plugin}/**/*.ts', { cwd: folder }).map((file) => join(folder, file))
  const file = only(
    text,
    files.filter((one) => readFileSync(one, 'utf8').includes(text)),
  )
  const before = readFileSync(file, 'utf8')
  let after = before
  for (const [old, instead] of changes) {
    if (after.split(old).length !== 2) throw new Error(`${JSON.stringify(old)} is not in ${file} once`)
    after = after.replace(old, () => instead)
  }
  writeFileSync(file, after)
  return () => writeFileSync(file, before)
}

/** Runs test files. @returns the first assertion that failed, or undefined */
async function failureIn(folder: string, files: readonly string[]): Promise<string | undefined> {
  const child = spawn('tap', ['run', '--jobs=2', '--timeout=600', '--bail', '--reporter=tap', ...files], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? 1)))
  if (code === 0) return undefined
  return /^ +not ok \d+ - (.*?)(?: # time=.*)?$/m.exec(output)?.[1] ?? 'the run failed'
}

const folder = copyOfTree()
const survived: string[] = []
try {
  const files = [...new Set(chosen.flatMap((mutation) => testsOf(folder, mutation)))]
  // Each can be applied: that is known before minutes of tests.
  for (const mutation of chosen) mutate(folder, mutation)()
  const failure = await failureIn(folder, files)
  if (failure !== undefined) throw new Error(`the tests fail without any mutation: ${failure}`)
  for (const mutation of chosen) {
    const putBack = mutate(folder, mutation)
    const seen = await failureIn(folder, testsOf(folder, mutation))
    putBack()
    if (seen === undefined) survived.push(mutation.title)
    process.stdout.write(`${seen === undefined ? 'SURVIVED' : 'seen    '}  ${mutation.title}\n`)
    if (seen !== undefined) process.stdout.write(`          ${mutation.tests.join(', ')}: ${seen}\n`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.stdout.write(`\n${chosen.length - survived.length} seen, ${survived.length} survived\n`)
process.exitCode = survived.length === 0 ? 0 : 1
