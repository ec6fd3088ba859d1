import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { createCipheriv, createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { parseArgs } from 'node:util'
import { s3Storage } from '../job/storage/s3/s3.ts'
import { parseLocation } from '../operation/location.ts'
import { startVersitygw } from '../test/stand-ins/versitygw/versitygw.ts'
import { formatRows } from './figures/report.ts'

/**
 * Streams one object of some GB to an S3 server on this machine and back, as a dump's table goes, and prints how fast
 * and in how much memory. What is read back is compared with what was written.
 */
const { values } = parseArgs({
  options: {
    /** size of the object, GB */
    gigabytes: { type: 'string', default: '4' },
    json: { type: 'string' },
  },
})
const bytes = Number(values.gigabytes) * 1e9
const { signal } = new AbortController()
const server = await startVersitygw()
const secrets = mkdtempSync(join(tmpdir(), 'bench-secret-'))
try {
  writeFileSync(join(secrets, 'AWS_ACCESS_KEY_ID'), server.accessKeyId)
  writeFileSync(join(secrets, 'AWS_SECRET_ACCESS_KEY'), server.secretAccessKey)
  const { endpoint } = server
  const admin = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials: server })
  await admin.send(new CreateBucketCommand({ Bucket: 'bench' }))
  admin.destroy()
  const location = parseLocation(`s3://bench/stream?endpoint=${endpoint}&secret=bench`)
  if (location.kind !== 's3') throw new Error('it is a location of S3')
  const storage = s3Storage(location, secrets)

  const atRestBytes = process.resourceUsage().maxRSS * 1024
  const write = await timed(() => storage.write('object', incompressible(bytes), signal))
  const read = await timed(async () => {
    const hash = createHash('sha256')
    for await (const chunk of (await storage.read('object')) ?? []) hash.update(chunk as Uint8Array)
    return hash.digest('hex')
  })
  if (read.value !== write.value.sha256) throw new Error('what was read is not what was written')
  const peakBytes = process.resourceUsage().maxRSS * 1024
  const rate = (seconds: number) => `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`
  process.stdout.write(
    formatRows([
      ['object', 'written', 'read back', 'most memory of the process', 'of it before the stream'],
      [
        `${values.gigabytes} GB`,
        rate(write.seconds),
        rate(read.seconds),
        `${(peakBytes / (1 << 20)).toFixed(0)} MiB`,
        `${(atRestBytes / (1 << 20)).toFixed(0)} MiB`,
      ],
    ]),
  )
  const measured = { bytes, writeSeconds: write.seconds, readSeconds: read.seconds, peakBytes, atRestBytes }
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(measured, null, 2))
} finally {
  await server.stop()
  rmSync(secrets, { recursive: true })
}

async function timed<T>(run: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const from = performance.now()
  const value = await run()
  return { value, seconds: (performance.now() - from) / 1000 }
}

/** So many bytes of which no two chunks are alike. */
function incompressible(total: number): Readable {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16))
  const zeros = Buffer.alloc(1 << 18)
  const chunks = function* () {
    for (let left = total; left > 0; left -= zeros.length) yield cipher.update(zeros.subarray(0, left))
  }
  return Readable.from(chunks(), { objectMode: false, highWaterMark: 1 << 18 })
}
