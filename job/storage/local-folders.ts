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

/** A folder being read. */
export interface Opened extends LocalFolder {
  release(): Promise<void>
}

/**
 * Folders of a storage as tools like pg_dump and pg_restore need them, by the paths that the storage knows them by. A
 * published folder never changes. A volume has them by nature.
 */
export interface LocalFolders {
  /** a new folder; one of the same name left by a killed run is emptied first; refuses a published one */
  stage(folder: string): Promise<Stage>
  /** @throws Failure when there is no such published folder */
  open(folder: string): Promise<Opened>
}
