import { constants, type Dirent } from 'node:fs'
import { lstat, open, opendir, realpath, type FileHandle } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Readable } from 'node:stream'
import { Failure } from '../../../operation/failure.ts'
import type { ByteRange, StoredFile } from '../storage.ts'
import { errorCode } from '../error-code.ts'
import { guarded } from './error.ts'
import { isHidden } from './hidden.ts'

/** A volume as a storage reads it. */
export interface Volume {
  /** folder on the volume */
  root: string
  title: string
  /** where the volume itself is mounted; the root where absent */
  mount?: string
}

const chunkBytes = 256 << 10
/** Files and folders below a listed one, held while they are sorted. A backup has about one for each table. */
const mostEntries = 100_000

/** Opens a file, or a part of it; see Storage.read. */
export async function readFile(
  volume: Volume,
  path: string,
  { first, last }: ByteRange,
): Promise<Readable | undefined> {
  if (first < 0 || (last ?? first) < first) throw new RangeError(`bytes ${first} to ${last} of ${path}`)
  const { root, title } = volume
  return await guarded(title, `${path} cannot be read`, async () => {
    const found = await ifThere(lstat(join(root, path)))
    if (found === undefined || found.isDirectory()) return undefined
    if (!found.isFile()) throw refusal(title, path, found)
    const file = await openChecked(volume, path)
    return file.createReadStream({ highWaterMark: chunkBytes, start: first, end: last ?? Infinity })
  })
}

/**
 * Opens a file and then looks what was opened: what lay there before may be something else by now. A pipe would block,
 * and opening some devices acts, so nothing is waited for.
 */
async function openChecked(volume: Volume, path: string): Promise<FileHandle> {
  const { root, title } = volume
  const file = await open(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const opened = await file.stat()
    if (!opened.isFile()) throw refusal(title, path, opened)
    await refuseDetour(volume, dirname(path))
    const inPlace = await lstat(join(root, path))
    if (inPlace.dev !== opened.dev || inPlace.ino !== opened.ino) throw replaced(title, path)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Every file below a folder; see Storage.list. @param most files and folders, before they fill the memory */
export async function* listFiles(volume: Volume, folder: string, most = mostEntries): AsyncGenerator<StoredFile> {
  const { root, title } = volume
  const entriesOf = entriesWithin(volume, folder, most)
  const entries = await guarded(title, `${folder} cannot be listed`, async () => {
    const found = await ifThere(lstat(join(root, folder)))
    if (found === undefined || found.isFile()) return []
    if (!found.isDirectory()) throw refusal(title, folder, found)
    await refuseDetour(volume, folder)
    return await entriesOf(folder)
  })
  yield* below(volume, folder, entries, entriesOf)
}

type EntriesOf = (folder: string) => Promise<Dirent[]>

/** Reads the folders of one listing. @throws Failure for more than `most` in all */
function entriesWithin({ root, title }: Volume, listed: string, most: number): EntriesOf {
  let seen = 0
  return async (folder) => {
    const entries: Dirent[] = []
    for await (const entry of await opendir(join(root, folder), { bufferSize: 1000 })) {
      seen += 1
      if (seen > most)
        throw new Failure({
          what: `${title}: ${listed} cannot be listed`,
          why: `more than ${most} files and folders lie there, and a backup has far fewer`,
          next: suspicion,
        })
      entries.push(entry)
    }
    return entries
  }
}

async function* below(
  volume: Volume,
  folder: string,
  entries: Dirent[],
  entriesOf: EntriesOf,
): AsyncGenerator<StoredFile> {
  const { root, title } = volume
  const looking = <T>(path: string, run: () => Promise<T>) => guarded(title, `${path} cannot be listed`, run)
  for (const entry of inOrder(entries)) {
    if (isHidden(entry.name)) continue
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    const place = join(root, path)
    if (entry.isDirectory()) {
      yield* below(volume, path, await looking(path, () => entriesOf(path)), entriesOf)
    } else if (entry.isFile()) {
      const { size } = await looking(path, () => lstat(place))
      yield { path, bytes: size }
    } else {
      throw refusal(title, path, entry)
    }
  }
}

/** As their files' paths are ordered: a folder's name goes on with a slash. */
function inOrder(entries: Dirent[]): Dirent[] {
  const keyed = entries.map((entry) => ({
    entry,
    key: Buffer.from(entry.isDirectory() ? `${entry.name}/` : entry.name),
  }))
  return keyed.sort((one, other) => Buffer.compare(one.key, other.key)).map(({ entry }) => entry)
}

/**
 * A link on the way would lead out of the storage, to files of the worker's own. The volume's own place may be behind
 * one.
 */
export async function refuseDetour({ root, title, mount = root }: Volume, folder: string): Promise<void> {
  const below = relative(mount, join(root, folder))
  if ((await realpath(join(root, folder))) === join(await realpath(mount), below)) return
  throw new Failure({
    what: `${title}: ${folder} cannot be read`,
    why: 'a part of it is a symbolic link, and a backup holds none',
    next: suspicion,
  })
}

function replaced(title: string, path: string): Failure {
  return new Failure({
    what: `${title}: ${path} cannot be read`,
    why: 'it was replaced while it was opened, and a backup never changes',
    next: suspicion,
  })
}

const suspicion = 'check who may write to the volume, then use another backup'

function refusal(title: string, path: string, found: Pick<Dirent, 'isSymbolicLink' | 'isFIFO' | 'isSocket'>): Failure {
  const kind = found.isSymbolicLink()
    ? 'a symbolic link'
    : found.isFIFO()
      ? 'a named pipe'
      : found.isSocket()
        ? 'a socket'
        : 'a device'
  return new Failure({
    what: `${title}: ${path} cannot be read`,
    why: `it is ${kind}, and a backup holds nothing but files and folders`,
    next: suspicion,
  })
}

async function ifThere<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}
