import type { Requester } from '../../../operation/request.ts'
import { apiMessage, statusCode } from './api-error.ts'
import type { Session } from './session.ts'

/**
 * Who this administrator is, in the API server's own word (SelfSubjectReview, Kubernetes 1.28 and later): nobody has to
 * be believed, and what a kubeconfig calls its user says nothing. Where it does not say, the answer tells why; no
 * operation fails for that.
 */
export async function requester({ authentication }: Session): Promise<Requester> {
  try {
    const { status } = await authentication.createSelfSubjectReview({ body: {} })
    const user = status?.userInfo?.username ?? ''
    return user === '' ? { unknown: 'the API server names nobody' } : { user }
  } catch (error) {
    if (statusCode(error) === 404) return { unknown: 'the API server has no SelfSubjectReview (Kubernetes 1.28)' }
    return { unknown: `the API server does not say: ${apiMessage(error)}` }
  }
}
