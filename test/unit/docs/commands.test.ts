import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { projectFolder } from '../../../build/project.ts'
import { commandLine } from '../../../plugin/command-line/command-line.ts'
import type { Runner } from '../../../plugin/command-line/command.ts'
import { commands } from '../../../plugin/commands/commands.ts'
import { wrongCommand } from './cloud-commands.ts'
import { blocksOf, commandsOf, documents, wordsOf } from './fenced-blocks.ts'
import { wrongIn } from './known-kinds.ts'

const run = promisify(execFile)
const nobody: Runner = { withCluster: () => Promise.resolve(), local: () => Promise.resolve() }
const blocks = documents.flatMap(blocksOf)
const consoles = blocks.filter(({ language }) => language === 'console')
const ours = ['kubectl', 'scalardl']

/** The arguments of `kubectl scalardl`; undefined for another program. */
function ownArguments(words: readonly string[]): string[] | undefined {
  return ours.every((word, at) => words[at] === word) ? words.slice(ours.length) : undefined
}

async function refusal(args: readonly string[]): Promise<string | undefined> {
  try {
    await commandLine(args, commands, nobody).parseAsync()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

t.test('every command of a block is one that the command line takes', async (t) => {
  let seen = 0
  for (const block of consoles)
    for (const command of commandsOf(block)) {
      const args = ownArguments(wordsOf(command))
      if (args === undefined) continue
      seen += 1
      t.equal(await refusal(args), undefined, `${block.file}: ${command}`)
    }
  t.ok(seen > 40, `${seen} commands`)
})

t.test('every whole command in a sentence is one that the command line takes', async (t) => {
  for (const file of documents)
    for (const [, code = ''] of readFileSync(join(projectFolder, file), 'utf8').matchAll(
      /`(kubectl scalardl [^`]+)`/g,
    )) {
      if (/[…<[|]/.test(code)) continue
      const args = ownArguments(wordsOf(code.replaceAll('\n', ' '))) ?? []
      t.equal(await refusal(args), undefined, `${file}: ${code}`)
    }
})

t.test('every block says of which language it is', (t) => {
  const written = documents.flatMap((file) =>
    [...readFileSync(join(projectFolder, file), 'utf8').matchAll(/^ *```/gm)].map(() => file),
  )
  t.equal(blocks.length * 2, written.length, 'each pair of fences is a block')
  t.strictSame([...new Set(blocks.map(({ language }) => language))].sort(), ['console', 'sh', 'text', 'yaml'])
  t.end()
})

t.test('a shell can read every block', async (t) => {
  for (const block of consoles)
    t.equal((await run('bash', ['-nc', commandsOf(block).join('\n')])).stderr, '', `${block.file}: ${block.text}`)
})

t.test('a command of another tool is marked as such', async (t) => {
  const known = /^(kubectl|npm|node|git) /
  for (const block of consoles.filter(({ cloud }) => !cloud))
    for (const command of commandsOf(block)) t.match(command, known, `${block.file}: ${command}`)
})

t.test('a command of another tool is one that this tool takes', async (t) => {
  let seen = 0
  for (const block of consoles.filter(({ cloud }) => cloud))
    for (const command of commandsOf(block)) {
      seen += 1
      t.equal(wrongCommand(wordsOf(command)), undefined, `${block.file}: ${command}`)
    }
  t.ok(seen > 20, `${seen} commands`)
})

/** A kubeconfig of a cluster that is not there: what these commands do needs none. */
function kubeconfigOf(t: Test): string {
  const file = join(t.testdir(), 'kubeconfig')
  const cluster = { name: 'none', cluster: { server: 'https://127.0.0.1:1' } }
  const context = { name: 'none', context: { cluster: 'none', user: 'none' } }
  const users = [{ name: 'none', user: {} }]
  writeFileSync(file, JSON.stringify({ clusters: [cluster], contexts: [context], users, 'current-context': 'none' }))
  return file
}

t.test('what needs no cluster runs as it is written', async (t) => {
  const KUBECONFIG = kubeconfigOf(t)
  const alone = (args: readonly string[]) =>
    args[0] === 'version' || (args[0] === 'install' && args.includes('--dry-run=client'))
  const found = new Set(
    consoles.flatMap((block) =>
      commandsOf(block).flatMap((command) => {
        const args = ownArguments(wordsOf(command))
        return args !== undefined && alone(args) ? [args.join(' ')] : []
      }),
    ),
  )
  t.ok(found.size > 0)
  for (const args of found) {
    const { stdout } = await run(process.execPath, ['plugin/main.ts', ...args.split(' ')], {
      cwd: projectFolder,
      env: { ...process.env, KUBECONFIG },
    })
    t.strictSame(
      parseAllDocuments(stdout).flatMap((document) => document.get('kind')),
      ['ServiceAccount', 'Role', 'RoleBinding'],
      args,
    )
  }
})

t.test(
  'every object of a block has the fields of its kind, and runs commands that the command line takes',
  async (t) => {
    let seen = 0
    for (const { file, text } of blocks.filter(({ language }) => language === 'yaml'))
      for (const document of parseAllDocuments(text)) {
        t.strictSame(document.errors, [], file)
        const object: unknown = document.toJS()
        t.strictSame(wrongIn(object), [], file)
        const [, args] = /"command":\["kubectl-scalardl"\],"args":(\[[^\]]*\])/.exec(JSON.stringify(object)) ?? []
        if (args === undefined) continue
        seen += 1
        t.equal(await refusal(JSON.parse(args) as string[]), undefined, file)
      }
    t.ok(seen > 0)
  },
)

t.test('every script that a document or a workflow names is one of the project', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const workflows = globSync('.github/workflows/*.yaml', { cwd: projectFolder })
  for (const file of workflows)
    t.type(parse(readFileSync(join(projectFolder, file), 'utf8')), 'object', `${file} is YAML`)
  const named = [...documents, 'CONTRIBUTING.md', 'bench/README.md', ...workflows].flatMap((file) =>
    [...readFileSync(join(projectFolder, file), 'utf8').matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name),
  )
  t.ok(named.length > 20, `${named.length} names`)
  t.strictSame(
    [...new Set(named)].filter((name) => !Object.hasOwn(scripts, name)),
    [],
  )
})

t.test('the release publishes images for every architecture that their archives hold', async (t) => {
  // buildah, given an archive of several, takes the one for its own machine alone
  const release = readFileSync(join(projectFolder, '.github/workflows/release.yaml'), 'utf8')
  const publishing = release.split('\n').filter((line) => line.includes('oci-archive:'))
  t.equal(publishing.length, 1)
  for (const line of publishing) t.match(line, /skopeo copy --all "oci-archive:[^"]*" "docker:/)
})

/** The names by which a page's headings are linked to, as GitHub makes them. */
function anchorsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
}

t.test('every link leads to a file, and to a heading that it has', async (t) => {
  for (const file of documents)
    for (const [, link = '', anchor] of readFileSync(join(projectFolder, file), 'utf8').matchAll(
      /\]\(([^):#]*)(?:#([^)]*))?\)/g,
    )) {
      const target = link === '' ? join(projectFolder, file) : join(projectFolder, dirname(file), link)
      t.ok(existsSync(target), `${file}: ${link}`)
      if (anchor !== undefined) t.ok(anchorsOf(target).includes(anchor), `${file}: ${link}#${anchor}`)
    }
})

/** The actions that a text names, `service:` before those of a service. */
function actionsIn(text: string): string[] {
  let service = ''
  return [...text.matchAll(/`([^`]+)`/g)].flatMap(([, word = '']) => {
    if (word.endsWith(':')) service = word
    return /^[A-Z]\w+\*?$/.test(word) ? [service + word] : []
  })
}

t.test('each policy for AWS grants what the page on DynamoDB asks for, and no more', async (t) => {
  const page = readFileSync(join(projectFolder, 'docs/databases/dynamodb.md'), 'utf8')
  const passages = {
    backup: /^\| every backup \|.*$/m,
    materialize: /^\| `--materialize` \|.*$/m,
    restore: /^The role needs what a backup needs and.*?(?=for the role)/ms,
  }
  for (const [name, passage] of Object.entries(passages)) {
    const policy: unknown = JSON.parse(
      readFileSync(join(projectFolder, `docs/platforms/policies/dynamodb-${name}.json`), 'utf8'),
    )
    const granted = [...JSON.stringify(policy).matchAll(/"((?:dynamodb|application-autoscaling|kms):[\w*]+)"/g)].map(
      ([, action]) => action,
    )
    const asked = actionsIn(passage.exec(page)?.[0] ?? '')
    t.ok(asked.length > 10, name)
    t.strictSame(granted.sort(), asked.sort(), name)
  }
})

const policies = globSync('docs/platforms/policies/*', { cwd: projectFolder }).sort()

t.test('every policy is JSON, and a page and a command name it', (t) => {
  t.ok(policies.length > 5)
  for (const file of policies) {
    t.type(JSON.parse(readFileSync(join(projectFolder, file), 'utf8')), 'object', file)
    const name = basename(file)
    const pages = documents.map((page) => readFileSync(join(projectFolder, page), 'utf8'))
    t.ok(
      pages.some((page) => page.includes(`policies/${name})`)),
      `a page leads to ${name}`,
    )
    const commands = consoles.filter(({ cloud }) => cloud).flatMap(commandsOf)
    if (name !== 'trust-pod-identity.json')
      t.ok(
        commands.some((command) => command.includes(`file://${name}`) || command.includes(`@${name}`)),
        `a command takes ${name}`,
      )
  }
  t.end()
})

t.test('the policy for dumps in S3 grants what the page on storage asks for, and no more', (t) => {
  const page = readFileSync(join(projectFolder, 'docs/storage.md'), 'utf8')
  const rights = /## Rights.*?(?=^On Azure)/ms.exec(page)?.[0] ?? ''
  const asked = [...rights.matchAll(/`((?:s3|kms):\w+)`/g)].map(([, action]) => action)
  const policy = readFileSync(join(projectFolder, 'docs/platforms/policies/s3-dumps.json'), 'utf8')
  const granted = [...policy.matchAll(/"((?:s3|kms):\w+)"/g)].map(([, action]) => action)
  t.ok(asked.length > 5)
  t.strictSame(granted.sort(), asked.sort())
  t.end()
})

t.test('every message of the troubleshooting page is one of the program', async (t) => {
  const sources = globSync('{plugin,kubernetes,operation,job}/**/*.ts', { cwd: projectFolder })
    .map((file) => readFileSync(join(projectFolder, file), 'utf8'))
    .join('\n')
  const page = readFileSync(join(projectFolder, 'docs/troubleshooting.md'), 'utf8')
  const headings = [...page.matchAll(/^### (.*)$/gm)].map(([, heading = '']) => heading)
  t.ok(headings.length > 40, `${headings.length} messages`)
  for (const heading of headings)
    for (const part of heading.split(/\s*…\s*(?:\/ )?| \/ /).filter((part) => part.length > 6))
      t.ok(sources.includes(part.replace(/:\s*$/, '')), part)
})
