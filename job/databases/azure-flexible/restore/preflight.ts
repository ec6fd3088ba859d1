import type { Finding } from '../../../../operation/finding.ts'
import { missingRights } from '../../../azure/rights.ts'
import { findingOf } from '../../errors.ts'
import { checkSwitchChoice } from '../../managed-server/check-switch-choice.ts'
import type { ServerRepointing } from '../../managed-server/server-repointing.ts'
import { checkPoint } from '../../point-in-time/check-point.ts'
import { outsideWindow } from '../../point-in-time/recovery-window.ts'
import { serverFailure } from '../server-failure.ts'
import { backupActions, restoreActions } from '../rights-needed.ts'
import { partsOf, sameServer, type FlexibleServer } from '../servers/server.ts'
import { windowOf } from '../servers/window.ts'
import { nameTaken, ownServer, whyTaken } from './restore-server.ts'
import type { RestoreWork } from './restore-work.ts'

const formerStays = {
  message: 'the former server is never deleted: its other restore points would end with it',
  cure: 'omit --drop-previous; once nobody needs the server any more, delete it yourself',
}

/** Whether the restore can be done, before anything is made. */
export async function preflight(work: RestoreWork, repointing: ServerRepointing): Promise<Finding[]> {
  const { arm, context, details, title } = work
  try {
    const source = await sameServer(arm, details)
    const point = checkPoint(work, 'Azure')
    const isNamed = point.every(({ outcome }) => outcome !== 'error')
    return [
      ...point,
      ...(isNamed ? [checkWindow(work, source)] : []),
      await checkRights(work),
      await checkTarget(work),
      ...(await checkSwitchChoice(work, repointing, 'server', formerStays)),
    ]
  } catch (error) {
    context.signal.throwIfAborted()
    return [findingOf('server', title, serverFailure(work.service, 'the preflight failed', error))]
  }
}

function checkWindow({ title, details, point }: RestoreWork, source: FlexibleServer | undefined): Finding {
  const check = { check: 'recovery window', subject: title }
  const { name } = partsOf(details.id)
  if (source === undefined)
    return {
      ...check,
      outcome: 'error',
      message: `the server ${name} that was backed up is gone, or another has its name now`,
      cure: 'choose a newer backup: the past of a server goes with it (Microsoft can bring it back for some days)',
    }
  const outside = outsideWindow(point, name, windowOf(source, details.clock?.lowMs))
  if (outside !== undefined)
    return { ...check, outcome: 'error', message: outside.why, cure: 'choose a time within it, or a newer backup' }
  return { ...check, outcome: 'ok', message: `${name} can be brought back as of ${point.toISOString()}` }
}

/** The name of the server that is made is free, or has what an earlier worker of this restore made. */
async function checkTarget(work: RestoreWork): Promise<Finding> {
  const check = { check: 'server to be made', subject: work.title }
  const { name } = partsOf(work.target)
  try {
    if ((await ownServer(work)) === undefined) {
      const why = await whyTaken(work, work.arm)
      if (why !== undefined) throw nameTaken(work.target, { message: why })
    }
    return { ...check, outcome: 'ok', message: name }
  } catch (error) {
    const { why, next } = serverFailure(work.service, 'the name cannot be looked at', error)
    return { ...check, outcome: 'error', message: why, cure: next }
  }
}

async function checkRights({ arm, title, details, service }: RestoreWork): Promise<Finding> {
  const check = { check: 'rights at Azure', subject: title }
  const group = details.id.slice(0, details.id.indexOf('/providers/'))
  const missing = await missingRights(arm, group, [...backupActions(service), ...restoreActions(service)])
  if (missing === undefined)
    return {
      ...check,
      outcome: 'warning',
      message: 'the identity may not ask for its own rights, so one that is missing shows later',
      cure: 'allow Microsoft.Authorization/permissions/read',
    }
  if (missing.length === 0) return { ...check, outcome: 'ok', message: 'all are there' }
  return {
    ...check,
    outcome: 'error',
    message: `missing: ${missing.join(', ')}`,
    cure: `assign the roles of ${service.rolesPage}`,
  }
}
