import type { RequestOf } from '../../../../../../operation/request.ts'
import { composeGuardJob } from '../../../../../../plugin/kubernetes/jobs/compose/compose-guard-job.ts'
import { composeJob } from '../../../../../../plugin/kubernetes/jobs/compose/compose-job.ts'
import { operationObjects } from '../../../../../../plugin/kubernetes/jobs/compose/operation-objects.ts'
import { podsOnly } from '../../../../../../plugin/kubernetes/jobs/compose/release-part.ts'
import { chartRelease } from './chart-deployment.ts'
import { jobOptions } from './job-options.ts'

const part = podsOnly(chartRelease())

/** A pause of one release, with its guard. */
export const pauseRequest: RequestOf<'pause'> = {
  version: 1,
  kind: 'pause',
  operation: 'pause-p',
  namespace: 'ns',
  createdAt: '2026-11-21T09:30:00.000Z',
  createdBy: '0.1.0',
  target: { releases: [part.target], serviceUrls: [], addresses: [], tls: { enabled: false } },
  pause: { drainMs: 1000, maxPauseMs: 60_000, guard: true },
  durationMs: 1000,
}

/** All that a cluster gets of it. */
export const pauseObjects = operationObjects(
  pauseRequest,
  composeJob(pauseRequest, [part], {}, jobOptions),
  composeGuardJob(pauseRequest, [part], {}, jobOptions),
)
