/** One call as the stand-in saw it. */
export interface Call {
  /** when it arrived, ms of this machine */
  atMs: number
  /** how long its answer took, ms */
  tookMs: number
  plane: 'management' | 'data' | 'identity'
  method: string
  /** without query and without the data plane's own beginning */
  path: string
  /** as roles name it, such as Microsoft.DocumentDB/databaseAccounts/read */
  action: string
  /** what a role has to allow besides, of a restore */
  further: readonly string[]
  account: string
  /** client id of the caller; empty where a key or nobody called */
  client: string
  /** of calls to ARM */
  body: unknown
  /** HTTP status of the answer; undefined where none was sent */
  status: number | undefined
  /** code of the error that was answered */
  error: string | undefined
  /** effect of the fault that struck it */
  fault: string | undefined
}
