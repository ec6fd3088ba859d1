/**
 * The database side of one release's properties: one storage of ScalarDB, with its secrets resolved. Never recorded.
 */
export interface StorageSettings {
  /** "default" without multi-storage */
  storage: string
  /** cassandra, cosmos, dynamo, jdbc */
  kind: string
  contactPoints: string
  contactPort: string | undefined
  username: string | undefined
  password: string | undefined
  /** the user that the release itself logs in as, where a database secret gave another `username` for this work */
  releaseUsername: string | undefined
  /** whether username or password come from a database secret, and not from the properties */
  fromSecret?: boolean
  /** the servers that the database secret is for, HOST or HOST:PORT, where it names them */
  secretHosts?: readonly string[] | undefined
  /** namespaces that multi-storage maps to this storage; undefined without multi-storage */
  namespaces: string[] | undefined
  /**
   * A further property of this storage, named without the `scalar.db.` or `…storages.<name>.` before it; undefined
   * where it is not there or empty.
   * @throws Failure where its value needs a variable that is not set; only what is asked for has to be known
   */
  property(name: string): string | undefined
}
