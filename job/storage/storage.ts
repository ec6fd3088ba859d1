// Room: where dumps go.
// Read storage (the interface), open, volume.

import type { Finding } from '../../operation/finding.ts'

/** A folder on a local file system that a tool may write into or read from. */
export interface LocalFolder {
  /** absolute path */
  path: string
}

/** A folder being written: visible to nobody until publish(). */
export interface Stage extends LocalFolder {
  /** makes the folder visible under its name, durably and all at once */
  publish(): Promise<void>
  /** removes it, as if it had never been */
  discard(): Promise<void>
}

/** A folder being read, staged locally where the storage is remote. */
export interface Opened extends LocalFolder {
  release(): Promise<void>
}

/**
 * Where dumps are kept. Folders are paths relative to the storage's location, with `/` between parts; a published
 * folder never changes. Every implementation runs the conformance suite in test/unit/job/storage/.
 */
export interface Storage {
  /** text of the Location */
  readonly title: string
  /** reachable, writable, and room for `bytes`; nothing stays behind */
  preflight(bytes: number): Promise<Finding[]>
  /** a new folder; one of the same name left by a killed run is emptied first; refuses a published one */
  stage(folder: string): Promise<Stage>
  /** @throws Failure when there is no such published folder */
  open(folder: string): Promise<Opened>
  /** small files, such as the record beside a dump; write replaces, durably and all at once */
  writeFile(path: string, content: string): Promise<void>
  /** undefined when there is none */
  readFile(path: string): Promise<string | undefined>
  /** removes a folder with all below it, published or not; none there is fine */
  remove(folder: string): Promise<void>
}
