/** An error as Azure answers it: HTTP status, code, words, and headers such as Retry-After. */
export class AzureError extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>
  /** who answers: ARM's gateway puts the error into `error`, the provider of Cosmos DB and its data plane do not */
  readonly from: 'gateway' | 'provider'

  constructor(
    status: number,
    code: string,
    message: string,
    { from = 'provider', headers = {} }: { from?: AzureError['from']; headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
    this.from = from
  }

  get body(): object {
    const error = { code: this.code, message: this.message }
    return this.from === 'gateway' ? { error } : error
  }
}

export const badRequest = (message: string) => new AzureError(400, 'BadRequest', message)

export const resourceNotFound = (type: string, name: string, group: string) =>
  new AzureError(
    404,
    'ResourceNotFound',
    `The Resource '${type}/${name}' under resource group '${group}' was not found. ` +
      'For more details please go to https://aka.ms/ARMResourceNotFoundFix',
    { from: 'gateway' },
  )

/** Of a part of an account; the words are a text in a text, as the provider hands them on. */
export const partNotFound = (requestUri: string) => {
  const inner = JSON.stringify({ Errors: ['Resource Not Found. Learn more: https://aka.ms/cosmosdb-tsg-not-found'] })
  const message = JSON.stringify({ code: 'NotFound', message: `Message: ${inner}\r\n` })
  return new AzureError(404, 'NotFound', `Message: ${message}, Request URI: ${requestUri}, RequestStats: , SDK: none`)
}

export const locked = (account: string) =>
  new AzureError(
    412,
    'PreconditionFailed',
    'There is already an operation in progress which requires exclusive lock on this service ' +
      `${account}. Please retry the operation after sometime.`,
  )

export const internalError = () =>
  new AzureError(500, 'InternalServerError', 'An unexpected error occured while processing the request.')
