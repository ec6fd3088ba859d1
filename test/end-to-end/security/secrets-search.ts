import type { Stage } from '../stage/stage.ts'
import type { Volume } from '../stage/volume.ts'

/** Texts by where they were found. */
export type Collected = Map<string, string>

/**
 * Everything in the namespace that somebody without a right to its Secrets may read: all objects of all other kinds,
 * what `kubectl describe` makes of them, events, and the logs of all pods.
 */
export async function collectNamespace(stage: Stage): Promise<Collected> {
  const all = (await stage.kubectl(['api-resources', '--namespaced', '--verbs=list', '-o', 'name'])).trim().split('\n')
  const kinds = all.filter((name) => name !== 'secrets')
  const collected: Collected = new Map()
  collected.set('objects', await stage.kubectl(['get', kinds.join(','), '-o', 'yaml', '--show-managed-fields']))
  collected.set(
    'described',
    await stage.kubectl(['describe', 'jobs,pods,configmaps,deployments,leases,serviceaccounts']),
  )
  for (const pod of (await stage.kubectl(['get', 'pods', '-o', 'name'])).trim().split('\n')) {
    collected.set(`log of ${pod}`, await stage.kubectl(['logs', pod, '--all-containers', '--prefix']))
  }
  return collected
}

/** The forms in which a text may hide in another: as it is, escaped, encoded, whole or in the middle. */
export function disguises(secret: string): string[] {
  const bytes = Buffer.from(secret)
  // In base64 of something longer it begins at any of three places in a group; only groups that are all its own look
  // the same.
  const inside = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replaceAll('=', '')
    return text.slice(offset === 0 ? 0 : 4, Math.floor(((bytes.length + offset) * 8) / 6))
  })
  const forms = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    secret.replaceAll("'", "''"),
    secret.replaceAll(/[\\:]/g, '\\$&'),
    bytes.toString('hex'),
    ...inside,
  ]
  const inJson = forms.map((form) => JSON.stringify(form).slice(1, -1))
  // as Go writes it
  const inGo = inJson.map((form) => form.replaceAll(/[&<>]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`))
  return [...new Set([...forms, ...inJson, ...inGo])].filter((form) => form.length >= 6)
}

/** Where any form of these secrets is, with the line: none of it should be. */
export function findSecrets(collected: Collected, secrets: Readonly<Record<string, string>>): string[] {
  const needles = Object.entries(secrets).flatMap(([name, secret]) => disguises(secret).map((form) => ({ name, form })))
  return [...collected].flatMap(([place, text]) =>
    needles
      .filter(({ form }) => text.includes(form))
      .map(({ name, form }) => `${name} in ${place}: ${text.split('\n').find((line) => line.includes(form)) ?? form}`),
  )
}

const reading = `
const fs = require('node:fs')
const path = require('node:path')
const needles = JSON.parse(Buffer.from(process.argv[1], 'base64'))
const found = []
let files = 0
for (const entry of fs.readdirSync('/volume', { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue
  files += 1
  const file = path.join(entry.parentPath, entry.name)
  const bytes = fs.readFileSync(file)
  for (const needle of needles) if (bytes.includes(needle)) found.push(file + ': ' + needle)
}
console.log(JSON.stringify({ files, found }))
`

/** The files of a volume that hold any form of these secrets, and how many files there are. */
export async function searchVolume(
  volume: Volume,
  secrets: Readonly<Record<string, string>>,
): Promise<{ files: number; found: string[] }> {
  const needles = Buffer.from(JSON.stringify(Object.values(secrets).flatMap(disguises))).toString('base64')
  return JSON.parse(await volume.node(reading, needles)) as { files: number; found: string[] }
}
