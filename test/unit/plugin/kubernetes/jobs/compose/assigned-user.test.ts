import t from 'tap'
import { requestSchema } from '../../../../../../operation/request.ts'
import { composeGuardJob } from '../../../../../../plugin/kubernetes/jobs/compose/compose-guard-job.ts'
import { composeJob } from '../../../../../../plugin/kubernetes/jobs/compose/compose-job.ts'
import { patchForCluster } from '../../../../../../plugin/kubernetes/jobs/compose/assigned-user.ts'
import { answerJson, answerStatus, sessionWith } from '../../api-server.ts'
import { jobOptions } from './job-options.ts'
import { isRestricted } from './restricted.ts'

const request = requestSchema.parse({
  version: 1,
  kind: 'pause',
  operation: 'pause-p',
  namespace: 'led',
  createdAt: '2026-11-21T09:30:00.000Z',
  createdBy: '0.1.0',
  target: { releases: [], serviceUrls: [], addresses: ['10.0.0.7:50053'], tls: { enabled: false } },
  pause: { drainMs: 30_000, maxPauseMs: 60_000, guard: true },
})

/** The pods of both Jobs as they are made in a cluster that has these API groups. */
async function podsIn(
  t: { teardown(run: () => void): unknown },
  groups: readonly string[],
  patch: Record<string, unknown> = {},
) {
  const { session, close } = await sessionWith((_request, response, url) =>
    groups.some((group) => url.pathname === `/apis/${group}`)
      ? answerJson(response, { kind: 'APIGroup' })
      : answerStatus(response, 404, 'page not found'),
  )
  t.teardown(close)
  const options = { ...jobOptions, patch: await patchForCluster(session, patch) }
  const jobs = [composeJob(request, [], extra, options), composeGuardJob(request, [], extra, options)]
  return jobs.map((job) => job.spec?.template.spec ?? undefined)
}
const extra = { location: undefined, databaseSecret: undefined, tlsCaSecret: undefined }

t.test('on OpenShift the cluster assigns user and group; the pods stay restricted', async (t) => {
  for (const pod of await podsIn(t, ['security.openshift.io'])) {
    for (const member of ['runAsUser', 'runAsGroup', 'fsGroup']) t.notOk(member in (pod?.securityContext ?? {}), member)
    isRestricted(t, pod)
  }
})

t.test('elsewhere the manifests say who runs them', async (t) => {
  for (const pod of await podsIn(t, ['apps']))
    t.match(pod?.securityContext, { runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532 })
})

t.test('a user that --patch names is kept on OpenShift as well', async (t) => {
  const patch = { spec: { template: { spec: { securityContext: { runAsUser: 1_000_660_000 } } } } }
  for (const pod of await podsIn(t, ['security.openshift.io'], patch)) {
    t.equal(pod?.securityContext?.runAsUser, 1_000_660_000)
    t.notOk('fsGroup' in (pod?.securityContext ?? {}))
  }
})
