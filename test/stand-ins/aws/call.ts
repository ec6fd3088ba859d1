/** One call as the stand-in saw it. */
export interface Call {
  /** when it arrived, ms of the service's clock */
  atMs: number
  /** how long its answer took, ms */
  tookMs: number
  accessKey: string
  region: string
  operation: string
  tables: readonly string[]
  /** that it needed at DynamoDB and Application Auto Scaling, such as dynamodb:Scan; where it was answered */
  rights: readonly string[]
  /** of calls that are not about items */
  input: Record<string, unknown> | undefined
  /** HTTP status of the answer; undefined where none was sent */
  status: number | undefined
  /** code of the error that was answered */
  error: string | undefined
  /** effect of the fault that struck it */
  fault: string | undefined
}
