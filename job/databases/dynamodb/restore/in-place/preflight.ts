import type { Finding } from '../../../../../operation/finding.ts'
import type { Journal } from '../../../../journal/journal.ts'
import { awsFailure } from '../../aws-error.ts'
import { checkBystanders } from '../check-bystanders.ts'
import { checkPoint } from '../../../point-in-time/check-point.ts'
import { checkPlace, checkSources } from '../check-point.ts'
import { checkRestoreRights } from '../check-rights.ts'
import type { BackedUpTable } from '../../details.ts'
import { lookAtTable } from '../../tables/look-at-table.ts'
import { oneOfEachKey } from '../../tables/one-of-each-key.ts'
import { checkRoom } from '../../backup/preflight.ts'
import { readWindow } from '../../tables/recovery-window.ts'
import { deletionStep } from './replace-table.ts'
import type { RestoreWork } from '../restore-work.ts'

interface Plan {
  journal: Journal | undefined
  temporary: (table: BackedUpTable) => string
  isToBeMade: (table: BackedUpTable) => boolean
}

/** Everything that can be known to stand in the way of replacing tables, before the first temporary one is made. */
export async function preflightByReplacement(
  work: RestoreWork,
  tables: readonly BackedUpTable[],
  { journal, temporary, isToBeMade }: Plan,
): Promise<Finding[]> {
  const { title, regions, region, details, access, context } = work
  const findings = [...checkPoint(work, 'DynamoDB'), ...checkChoice(work)]
  // of what an earlier worker has begun to replace, the original may be gone
  const untouched = tables.filter(({ name }) => journal?.begun(deletionStep(name)) !== true)
  const toDo = untouched.filter((table) => journal?.begun(`restore ${table.name} to ${temporary(table)}`) !== true)
  const [first] = toDo
  try {
    findings.push(...(await checkPlace(work)))
    // Once the first is deleted, going on is what brings the tables of all releases back.
    if (untouched.length === tables.length)
      findings.push(
        ...(await checkBystanders({
          ...work,
          tables: details.tables,
          naming: details,
          fate: 'are replaced',
          harms: true,
        })),
      )
    if (findings.some(({ outcome }) => outcome === 'error')) return findings
    findings.push(...(await checkSources(work, toDo)), ...(await checkFormerTables(work, untouched)))
    findings.push(await checkRoom(regions.target.dynamo, { title, more: toDo.filter(isToBeMade).length }))
    if (first !== undefined) {
      const settings = tables.map((table) => table.settings)
      findings.push(
        await checkRestoreRights({
          title,
          clients: regions.target,
          arn: first.arn,
          region,
          target: temporary(first),
          taken: oneOfEachKey(toDo, ({ settings: { kmsKey } }) => kmsKey).map(({ name }) => ({
            name,
            kmsKey: work.choice.kmsKey,
          })),
          replaced: first.name,
          settings,
          fromBackups: true,
          makesBackups: true,
          rewritesRows: false,
        }),
      )
    }
    if (!tables.some(isToBeMade))
      findings.push({
        check: 'backups',
        subject: title,
        outcome: 'ok',
        message: 'all were materialized: no temporary tables are needed',
      })
  } catch (error) {
    context.signal.throwIfAborted()
    const { what, why, next } = awsFailure('the preflight failed', access, error)
    findings.push({ check: 'DynamoDB', subject: title, outcome: 'error', message: `${what}: ${why}`, cure: next })
  }
  return findings
}

function checkChoice({ title, choice, details, access }: RestoreWork): Finding[] {
  const check = { check: 'strategy', subject: title, outcome: 'error' } as const
  const findings: Finding[] = []
  if (choice.region !== undefined && choice.region !== details.region)
    findings.push({
      ...check,
      message: `tables of ${details.region} cannot be replaced in ${choice.region}`,
      cure: 'restore to another region with --strategy prefix',
    })
  if (choice.prefix !== undefined)
    findings.push({
      ...check,
      message: 'replaced tables keep their names',
      cure: 'omit --prefix, or restore with --strategy prefix',
    })
  if (choice.repoint === 'print')
    findings.push({
      ...check,
      message: 'replaced tables keep their names: there is nothing to point the releases to',
      cure: 'omit --repoint, or restore with --strategy prefix',
    })
  if (access.naming.prefix !== details.prefix) {
    const uses =
      `the release uses the prefix "${access.naming.prefix}", ` +
      `the tables of the backup have the prefix "${details.prefix}"`
    findings.push({
      ...check,
      message: `${uses}: they are not what it serves from`,
      cure: 'restore with --strategy prefix, or choose a backup of the tables in service',
    })
  }
  return findings
}

/** A table that cannot be deleted, or of which nothing would be left, is not replaced. */
async function checkFormerTables(
  {
    title,
    regions: {
      target: { dynamo },
    },
    context: { signal },
  }: RestoreWork,
  tables: readonly BackedUpTable[],
): Promise<Finding[]> {
  const found = (await Promise.all(tables.map(({ name }) => lookAtTable(dynamo, name)))).flatMap((table) => table ?? [])
  const windows = await Promise.all(
    found.map(async ({ TableName: name = '' }) => ({ name, window: await readWindow(dynamo, name, signal) })),
  )
  const check = { check: 'tables to be replaced', subject: title }
  const error = (of: readonly string[], message: string, cure: string): Finding[] =>
    of.length === 0 ? [] : [{ ...check, outcome: 'error', message: `${message}: ${of.join(', ')}`, cure }]
  const named = (has: (table: (typeof found)[number]) => boolean) =>
    found.filter(has).map(({ TableName: name = '' }) => name)
  const gone = tables.filter(({ name }) => !found.some(({ TableName }) => TableName === name)).map(({ name }) => name)
  const findings = [
    ...error(gone, 'not there', 'restore under a prefix instead: --strategy prefix'),
    ...error(
      named((table) => table.DeletionProtectionEnabled === true),
      'deletion protection is on',
      'turn it off if these tables may go (aws dynamodb update-table --no-deletion-protection-enabled ' +
        '--table-name TABLE), or restore under a prefix; the restored tables get it again',
    ),
    ...error(
      named((table) => (table.Replicas ?? []).length > 0),
      'global tables, whose replicas a restore does not bring back',
      'restore under a prefix instead: --strategy prefix',
    ),
    ...error(
      named((table) => table.TableStatus !== 'ACTIVE'),
      'not ACTIVE',
      'wait until nothing is at work on these tables',
    ),
    ...error(
      windows.flatMap(({ name, window }) => (window === undefined ? [name] : [])),
      'point-in-time recovery is off, so that AWS would keep nothing of the deleted table',
      'turn it on (aws dynamodb update-continuous-backups), or restore under a prefix',
    ),
  ]
  return findings.length > 0 ? findings : [{ ...check, outcome: 'ok', message: `${found.length}, none protected` }]
}
