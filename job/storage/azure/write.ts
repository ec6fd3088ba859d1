import { createHash, randomUUID } from 'node:crypto'
import type { BlobRequestConditions } from '@azure/storage-blob'
import type { Target } from '../objects/upload.ts'
import { taken } from '../taken.ts'
import type { Call, Container } from './container.ts'
import { codeOf } from './error.ts'

const writerKey = 'kubectlscalardlwriter'

/** What the end of a write is refused with where there is a blob, or where another write has ended. */
const isConcluded = /^(BlobAlreadyExists|ConditionNotMet|InvalidBlockList|TargetConditionNotMet|409|412)$/

/** How a blob is given to Azure; see "Put Blob", "Put Block" and "Put Block List" of its REST API. */
export function azureTarget(container: Container, path: string, mode: 'new' | 'replace'): Target {
  const { title, key, tier } = container
  const name = key(path)
  const what = `${path} cannot be written`
  const conditions: BlobRequestConditions = mode === 'new' ? { ifNoneMatch: '*' } : {}
  // By this an answer that was lost, and the refusal of the next attempt, are told from another's blob.
  const writer = randomUUID()
  const made = { conditions, metadata: { [writerKey]: writer }, ...(tier === undefined ? {} : { tier }) }
  const blocks: string[] = []
  /** A call that makes the blob. */
  const concluding = async (signal: AbortSignal, call: Call<unknown>) => {
    await container.ask(
      what,
      async (client, abortSignal, onProgress) => {
        try {
          return await call(client, abortSignal, onProgress)
        } catch (error) {
          if (!isConcluded.test(codeOf(error))) throw error
          const found = await client.getBlobClient(name).getProperties({ abortSignal })
          if (found.metadata?.[writerKey] === writer) return undefined
          throw mode === 'new' ? taken(title, path) : error
        }
      },
      signal,
    )
  }
  return {
    async begin() {
      if (mode === 'new' && (await hasBlob(container, path))) throw taken(title, path)
    },
    async whole(content, signal) {
      await concluding(signal, (client, abortSignal, onProgress) =>
        client.getBlockBlobClient(name).upload(content, content.length, {
          ...made,
          abortSignal,
          onProgress,
          transactionalContentMD5: sumOf(content),
        }),
      )
    },
    async part({ number, content }, signal) {
      // Of one length each, and of this write alone: two that write one name keep their blocks in one place.
      const block = Buffer.from(`${writer}-${String(number).padStart(6, '0')}`).toString('base64')
      blocks[number - 1] = block
      await container.ask(
        what,
        (client, abortSignal, onProgress) =>
          client.getBlockBlobClient(name).stageBlock(block, content, content.length, {
            abortSignal,
            onProgress,
            transactionalContentMD5: sumOf(content),
          }),
        signal,
      )
    },
    async complete(signal) {
      await concluding(signal, (client, abortSignal) =>
        client.getBlockBlobClient(name).commitBlockList(blocks, { ...made, abortSignal }),
      )
    },
    // Azure forgets blocks by itself, a week later or with the next write of that name; a delete of the folder at once.
    abandon: () => Promise.resolve(),
  }
}

/** Whether there is a blob. A list has an error's name, which the answer to a HEAD has not. */
async function hasBlob({ ask, key }: Container, path: string): Promise<boolean> {
  return await ask(`${path} cannot be looked for`, async (client, abortSignal) => {
    const { value } = await client
      .listBlobsFlat({ prefix: key(path), abortSignal })
      .byPage({ maxPageSize: 1 })
      .next()
    const found = value as { segment: { blobItems: { name: string }[] } } | undefined
    return found?.segment.blobItems[0]?.name === key(path)
  })
}

/** The only checksum that needs no table of our own; against accidents, not against forgers. */
function sumOf(content: Buffer): Buffer {
  return createHash('md5').update(content).digest()
}
