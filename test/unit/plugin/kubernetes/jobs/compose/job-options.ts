// Room: the objects of an operation, as they are applied.
// Read job-options, chart-deployment, restricted.

import type { JobOptions } from '../../../../../../plugin/kubernetes/jobs/compose/complete-job.ts'

/** A Job that nobody said anything special about. */
export const jobOptions: JobOptions = {
  image: undefined,
  imagePullPolicy: undefined,
  imagePullSecrets: [],
  serviceAccount: 'kubectl-scalardl',
  nodeSelector: {},
  guardNodeSelector: {},
  env: {},
  tolerations: [],
  requests: {},
  limits: {},
  patch: {},
  ttlSeconds: 60,
}
