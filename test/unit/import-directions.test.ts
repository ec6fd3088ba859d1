import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import t from 'tap'
import { databaseKinds } from '../../job/databases/registry.ts'
import { knownKinds } from '../../operation/databases/registry.ts'

const root = resolve(import.meta.dirname, '../..')

/**
 * Which top folders each top folder may import from; architecture: both programs know only the contract between them.
 */
const allowed: Record<string, string[]> = {
  operation: ['operation'],
  kubernetes: ['kubernetes', 'operation'],
  plugin: ['plugin', 'kubernetes', 'operation', 'manifests'],
  job: ['job', 'kubernetes', 'operation'],
}

/** The rooms of each program from the ground to the top; a room imports only from itself and from those before it. */
const rooms: Record<string, string[]> = {
  job: [
    'process',
    'journal',
    'kubernetes',
    'clocks',
    'scalardb',
    'servers',
    'guard',
    'context',
    'exec',
    'pause',
    'aws',
    'azure',
    'storage',
    'encryption',
    'databases',
    'operations',
    'worker',
  ],
  plugin: ['terminal', 'kubernetes', 'flags', 'presentation', 'operations', 'command-line', 'commands'],
}

/** A folder with more files holds more than one idea. */
const mostFiles = 15

const everywhere = ['job', 'plugin', 'kubernetes', 'operation', 'build', 'bench', 'test']

function importsOf(file: string): string[] {
  const text = readFileSync(resolve(root, file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    relative(root, resolve(root, dirname(file), match[1] ?? '')),
  )
}

function filesOf(folder: string): string[] {
  return globSync(`${folder}/**/*.ts`, { cwd: root })
}

/** The room that a file is in; undefined for the files right below a program's folder, which start it. */
function roomOf(file: string): string | undefined {
  const [, room, ...below] = file.split('/')
  return below.length === 0 ? undefined : room
}

for (const [folder, may] of Object.entries(allowed)) {
  t.test(`${folder}/ imports only from ${may.join(', ')}`, (t) => {
    const files = filesOf(folder)
    t.ok(files.length > 0, 'there are files to look at')
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => !may.includes(imported.split('/')[0] ?? ''))
        .map((imported) => `${file} imports ${imported}`),
    )
    t.strictSame(wrong, [])
    t.end()
  })
}

for (const [program, order] of Object.entries(rooms)) {
  t.test(`the rooms of ${program}/ import only from those below them`, (t) => {
    const files = filesOf(program)
    const known = new Set(files.map(roomOf).filter((room) => room !== undefined))
    t.strictSame([...known].sort(), [...order].sort(), 'every room has its place in the order')
    const wrong = files.flatMap((file) => {
      const room = roomOf(file)
      if (room === undefined) return []
      return importsOf(file)
        .filter((imported) => imported.startsWith(`${program}/`))
        .filter((imported) => {
          const other = roomOf(imported)
          return other === undefined || order.indexOf(other) > order.indexOf(room)
        })
        .map((imported) => `${file} imports ${imported}`)
    })
    t.strictSame(wrong, [])
    t.end()
  })
}

t.test('a room has few files', (t) => {
  const files = everywhere.flatMap(filesOf)
  const crowded = [...Map.groupBy(files, dirname)]
    .filter(([, inside]) => inside.length > mostFiles)
    .map(([room, inside]) => `${room}: ${inside.length}`)
  t.strictSame(crowded, [])
  t.end()
})

t.test('one file of every room says what the room is for, and in which order to read it', (t) => {
  const isMain = (file: string) => /^\/\/ Room: [^]+?\n\/\/ Read /.test(readFileSync(resolve(root, file), 'utf8'))
  // A test says itself what it is for.
  const files = everywhere.flatMap(filesOf).filter((file) => !file.endsWith('.test.ts'))
  // A command's folder is read by its command.ts, a program's own by its main.ts.
  const folders = [...Map.groupBy(files, dirname)].filter(
    ([folder, inside]) => inside.length > 2 && !/^plugin\/commands\/|^(job|plugin)$/.test(folder),
  )
  t.ok(folders.length > 50, 'there are rooms to look at')
  const wrong = folders.flatMap(([folder, inside]) => {
    const mains = inside.filter(isMain)
    return mains.length === 1 ? [] : [`${folder}: ${mains.length}`]
  })
  t.strictSame(wrong, [])
  t.end()
})

/** Rooms beside the kinds of database that several of them share. */
const sharedByKinds = [
  'job/storage/objects/',
  'job/databases/dump/',
  'job/databases/point-in-time/',
  'job/databases/managed-server/',
  'job/databases/aws-relational/',
  'job/databases/repoint/',
]

t.test('what a room says to read is there', (t) => {
  const heads = everywhere.flatMap(filesOf).flatMap((file) => {
    const [head = ''] =
      /^\/\/ Room: (?:.+\n\/\/ )*?Read (?:.+\n)+/.exec(readFileSync(resolve(root, file), 'utf8')) ?? []
    return head === '' ? [] : [{ file, head }]
  })
  t.ok(heads.length > 50, 'there are rooms to look at')
  // Only names of several words cannot be words of the sentence.
  const absent = heads.flatMap(({ file, head }) =>
    (head.slice(head.indexOf('Read ')).match(/[a-z]+(?:-[a-z]+)+/g) ?? [])
      .filter((name) => !['.ts', '/', '.test.ts'].some((end) => existsSync(resolve(root, dirname(file), name + end))))
      .map((name) => `${file}: ${name}`),
  )
  t.strictSame(absent, [])
  t.end()
})

/** A service runs the servers of other kinds: how one logs in to those is theirs to know. */
const standsOn: Record<string, string[]> = {
  'job/databases/managed-server': ['job/databases/mysql/', 'job/databases/postgresql/'],
}

t.test('no database or storage knows another', (t) => {
  const wrong = globSync('job/{databases,storage}/*/**/*.ts', { cwd: root }).flatMap((file) => {
    const own = file.split('/').slice(0, 3).join('/')
    return importsOf(file)
      .filter((imported) => /^job\/(databases|storage)\/[^/]+\//.test(imported) && !imported.startsWith(`${own}/`))
      .filter((imported) => ![...sharedByKinds, ...(standsOn[own] ?? [])].some((room) => imported.startsWith(room)))
      .map((imported) => `${file} imports ${imported}`)
  })
  t.strictSame(wrong, [])
  t.end()
})

/** Whether a word is said, alone or as a part of a name; letters at the end of another word, as in records, do not. */
function names(text: string, word: string): boolean {
  const part = RegExp.escape(word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
  return new RegExp(`(?<![a-z])${RegExp.escape(word)}`, 'i').test(text) || new RegExp(part).test(text)
}

t.test('the plugin names no kind of database, and both programs know the same', (t) => {
  const words = knownKinds.flatMap(({ name, title, storage }) =>
    storage === 'jdbc' ? [name, title] : [name, title, storage],
  )
  t.ok(words.length > 2, 'there are names to look for')
  const naming = filesOf('plugin').flatMap((file) => {
    const text = readFileSync(resolve(root, file), 'utf8')
    return words.filter((word) => names(text, word)).map((word) => `${file} names ${word}`)
  })
  t.strictSame(naming, [])
  t.strictSame(
    databaseKinds.map(({ name, capabilities: { keepsItsOwnBackups } }) => ({ name, keepsItsOwnBackups })),
    knownKinds.map(({ name, keepsItsOwnBackups }) => ({ name, keepsItsOwnBackups })),
  )
  t.end()
})
