import { Failure, whyOf } from '../../operation/failure.ts'
import type { Finding } from '../../operation/finding.ts'
import { decidePause } from '../databases/pause-decision.ts'
import { readIdentities, tryKey } from '../encryption/key.ts'
import { readRecipients } from '../encryption/recipients.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { preflight } from '../pause/preflight.ts'
import { openStorageAt } from '../storage/open.ts'
import { backupContext } from './database-contexts.ts'
import { databasesOf, openSources, type OpenSource } from './open-databases.ts'
import { checkPointing } from './properties/check-pointing.ts'
import { releaseProperties } from './properties/release-properties.ts'
import { checkTogether } from './restored-together.ts'

type Context = OperationContext<'doctor'>

/**
 * Runs every check that a backup makes before it pauses anything, and no more.
 * @throws Failure where a check found an error; all findings are in the record by then
 */
export async function doctor(context: Context): Promise<void> {
  const findings: Finding[] = []
  const check = async (name: string, run: () => Promise<Finding[]>) => {
    const found = await context.phase(name, () => run().catch((error: unknown) => [findingOf(name, error)]))
    for (const finding of found) say(context, finding)
    findings.push(...found)
  }
  await check('servers', () => preflight(context))
  await check('databases', () => databaseFindings(context))
  const { encryption } = context.request
  if (encryption !== undefined)
    await check('encryption', async () => [await tryKey(await readRecipients(encryption), await readIdentities())])
  await context.record.update((record) => {
    record.findings = findings
  })
  const errors = findings.filter(({ outcome }) => outcome === 'error')
  if (errors.length === 0) return
  throw new Failure({
    what: `${errors.length} of ${findings.length} checks failed`,
    why: errors.map((finding) => `${finding.check}, ${finding.subject}: ${finding.message}`).join('; '),
    next: errors[0]?.cure ?? 'fix what they name, then run it again',
  })
}

/**
 * Checks the databases behind the releases, and the storage where one is given. Without properties nothing is checked.
 */
async function databaseFindings(context: Context): Promise<Finding[]> {
  const { signal, request } = context
  if (request.target.releases.every(({ properties }) => properties === undefined)) return []
  const databases = await databasesOf(request.target, [], signal)
  const { paused, why } = decidePause('auto', databases, request.target.releases)
  const decision: Finding = {
    check: 'pause',
    subject: 'backup',
    outcome: 'ok',
    message: `${paused ? 'needed' : 'not needed'}: ${why}`,
  }
  const storage = openStorageAt(request.to)
  const sources = openSources(databases, backupContext(context, storage))
  try {
    const found = await Promise.all(sources.map(sourceFindings))
    const bytes = found.reduce((sum, one) => sum + one.bytes, 0)
    const room = request.to === undefined ? [] : await storage.preflight(bytes, request.operation)
    const { cluster, secrets } = context
    const properties = releaseProperties({ target: request.target, cluster, secrets }, request.namespace)
    const pointing = await checkPointing(properties, databases)
    const together = checkTogether(databases.map(({ kind }) => ({ kind: kind.name })))
    return [decision, ...together, ...pointing, ...found.flatMap(({ findings }) => findings), ...room]
  } finally {
    await Promise.allSettled(sources.map(({ source }) => source.close()))
  }
}

async function sourceFindings({ source, folder }: OpenSource): Promise<{ bytes: number; findings: Finding[] }> {
  try {
    const { estimatedBytes } = await source.describe()
    return { bytes: estimatedBytes, findings: await source.preflight() }
  } catch (error) {
    return { bytes: 0, findings: [findingOf(`database ${folder}`, error)] }
  }
}

function findingOf(check: string, error: unknown): Finding {
  const cure = error instanceof Failure ? error.next : 'run it again with -v'
  return {
    check,
    subject: error instanceof Failure ? error.what : 'this check',
    outcome: 'error',
    message: whyOf(error),
    cure,
  }
}

function say({ events }: Context, finding: Finding): void {
  const level = finding.outcome === 'ok' ? 'info' : finding.outcome
  events.say('finding', `${finding.check}, ${finding.subject}: ${finding.message}`, { level, data: { ...finding } })
}
