import type { PodIdentity } from '../../cloud/identity/pod-webhook.ts'
import type { AwsSettings } from '../settings.ts'

/** Whom tokens for STS are for. */
export const stsAudience = 'sts.amazonaws.com'

/**
 * What EKS adds to a pod (Amazon EKS Pod Identity Webhook, IRSA): the variables of its role, and a token of its
 * ServiceAccount for STS. The real one reads the role from the ServiceAccount; here it is the one whose trust policy
 * names that account.
 */
export function podRole({ homeRegion, roles, trust }: AwsSettings, account: string): PodIdentity | undefined {
  const [arn] = Object.entries(roles).find(([, { trustPolicy }]) => trustPolicy?.subject === account) ?? []
  if (arn === undefined) return undefined
  const [name, folder] = ['aws-iam-token', '/var/run/secrets/eks.amazonaws.com/serviceaccount']
  return {
    env: [
      { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
      { name: 'AWS_DEFAULT_REGION', value: homeRegion },
      { name: 'AWS_REGION', value: homeRegion },
      { name: 'AWS_ROLE_ARN', value: arn },
      { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${folder}/${name}` },
    ],
    token: { name, folder, audience: stsAudience, expirationSeconds: 86_400 },
    trust,
  }
}
