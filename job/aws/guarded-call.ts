import { withFreshCredentials, type Patience } from './sdk-retries.ts'

/** Commands that change nothing. */
const reading = /^(Describe|List|Get|Scan|Query)/

/**
 * One call. Once the signal aborts, one that reads is let go of; one that changes something is waited for, as long as
 * one attempt takes, since whoever takes it back has to see what became of it.
 * @throws the signal's reason, which the SDK would turn into an error of its own
 */
export async function guardedCall<T>(
  { signal }: Patience,
  credentials: (options: { forceRefresh: boolean }) => Promise<unknown>,
  command: string | undefined,
  call: () => Promise<T>,
): Promise<T> {
  const attempt = async () => {
    signal?.throwIfAborted()
    return await call()
  }
  const calling = () => withFreshCredentials(() => credentials({ forceRefresh: true }), attempt)
  if (signal === undefined) return await calling()
  if (!reading.test(command ?? '')) {
    return await calling().catch((error: unknown) => {
      signal.throwIfAborted()
      throw error
    })
  }
  signal.throwIfAborted()
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const end = () => reject(signal.reason)
  signal.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([calling(), ended])
  } finally {
    signal.removeEventListener('abort', end)
  }
}
