// Room: where dumps go.
// Read storage (the interface), open, volume/, objects/, s3/, azure/.

import type { Readable } from 'node:stream'
import type { Finding } from '../../operation/finding.ts'

/** What was written of a file. */
export interface Written {
  bytes: number
  /** of the content, hexadecimal */
  sha256: string
}

/** A file in a storage. */
export interface StoredFile {
  /** from the storage's location, like every path given to it */
  path: string
  bytes: number
}

/** What a store keeps from being removed, by an object lock, a legal hold or a lease. */
export interface Held {
  /** how many files */
  files: number
  /** RFC 3339: until when the last of them is; absent where they are kept until somebody lifts a hold */
  until?: string
}

/** Bytes of a file, counted from 0, both ends included, as in HTTP's Range; beyond the file's end there are none. */
export interface ByteRange {
  first: number
  /** the file's last byte where absent */
  last?: number
}

/**
 * Where dumps are kept: what any object store can do. A path is relative to the storage's location, with `/` between
 * its parts; an empty part, `.` and `..` are refused. Folders are no more than what paths begin with. Every
 * implementation runs the conformance suite in test/unit/job/storage/.
 */
export interface Storage {
  /** text of the Location */
  readonly title: string
  /**
   * Reachable, writable, and room for `bytes`; nothing stays behind, nor what a killed one of the same operation left.
   */
  preflight(bytes: number, operation: string): Promise<Finding[]>
  /**
   * A new file, durable and all at once: readers see nothing or all of it, and of two that write one path, one is
   * refused. The content is read to its end, or destroyed.
   * @throws Failure where there is one of that path; the content's own error; the signal's reason
   */
  write(path: string, content: Readable, signal: AbortSignal): Promise<Written>
  /** like write(), in the place of what may be there: readers see the former file or the new one, whole */
  replace(path: string, content: Readable, signal: AbortSignal): Promise<Written>
  /**
   * A file, or a part of it; to be read to its end, or destroyed.
   * @returns undefined where there is none
   * @throws RangeError for a range that ends before it begins; Failure for what is no file
   */
  read(path: string, range?: ByteRange): Promise<Readable | undefined>
  /**
   * Every file below a folder, '' for all there are, in the order of the paths' UTF-8 bytes; none where there is none.
   * May fail, but leaves nothing out, while files come or go.
   * @throws Failure for what is neither file nor folder, a link for example
   */
  list(folder: string): AsyncIterable<StoredFile>
  /** what of a folder could not be removed for good; undefined where all could */
  held?(folder: string): Promise<Held | undefined>
  /** removes what killed writers left unfinished in a folder, and no file; nobody may write there meanwhile */
  removeUnfinished(folder: string): Promise<void>
  /** removes a folder with all below it, unfinished as well; none there is fine */
  delete(folder: string): Promise<void>
}
