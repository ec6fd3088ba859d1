import { onePod } from '../../stand-ins/one-pod.ts'
import type { Stage } from './stage.ts'

const folder = '/volume'

const listing = `
const fs = require('node:fs')
console.log(JSON.stringify(fs.readdirSync(${JSON.stringify(folder)}, { recursive: true }).sort()))
`

/** Inverts a byte in the middle of the file. */
const flipping = `
const fs = require('node:fs')
const path = require('node:path').join(${JSON.stringify(folder)}, process.argv[1])
const bytes = fs.readFileSync(path)
const at = bytes.length >> 1
bytes[at] ^= 0xff
fs.writeFileSync(path, bytes)
`

/** The volume of a claim, looked at and spoilt by a pod of its own. */
export class Volume {
  readonly #stage: Stage
  readonly #pod: string

  private constructor(stage: Stage, pod: string) {
    this.#stage = stage
    this.#pod = pod
  }

  static async of(stage: Stage, claim: string): Promise<Volume> {
    const pod = `volume-${claim}`
    await stage.apply([
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: pod },
        // the user that the worker is, so that it may read and change what that one wrote
        spec: onePod({
          container: {
            name: 'look',
            image: stage.images.ledger,
            command: ['node', '-e', 'setInterval(() => undefined, 60000)'],
            volumeMounts: [{ name: 'volume', mountPath: folder }],
          },
          volumes: [{ name: 'volume', persistentVolumeClaim: { claimName: claim } }],
          graceSeconds: 0,
        }),
      },
    ])
    await stage.kubectl(['wait', `pod/${pod}`, '--for=condition=Ready', '--timeout=240s'])
    return new Volume(stage, pod)
  }

  /** Every file and folder, hidden ones too, as paths below the volume's root. */
  async entries(): Promise<string[]> {
    return JSON.parse(await this.node(listing)) as string[]
  }

  /** Spoils one byte of a file; doing it again heals it. */
  async flipByte(path: string): Promise<void> {
    await this.node(flipping, path)
  }

  /** Runs a script beside the volume, which is at /volume. @returns what it printed */
  node(script: string, ...args: readonly string[]): Promise<string> {
    return this.#stage.kubectl(['exec', this.#pod, '--', 'node', '-e', script, ...args])
  }
}

/** What was begun and neither completed nor removed. */
export function halfDone(entries: readonly string[]): string[] {
  return entries.filter((path) => /(^|\/)\.(.*\.partial|kubectl-scalardl)/.test(path))
}
