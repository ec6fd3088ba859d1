import type { Finding } from '../../../../../operation/finding.ts'
import type { Journal } from '../../../../journal/journal.ts'
import { awsFailure } from '../../aws-error.ts'
import { checkBystanders } from '../check-bystanders.ts'
import { checkPoint } from '../../../point-in-time/check-point.ts'
import { checkPlace, checkSources } from '../check-point.ts'
import { checkRestoreRights } from '../check-rights.ts'
import type { BackedUpTable } from '../../details.ts'
import { checkVersions } from '../../scalardb/prefix-support.ts'
import { checkFence } from '../fence.ts'
import { isRestoredFrom, lookAtTable, originOf } from '../../tables/look-at-table.ts'
import { oneOfEachKey } from '../../tables/one-of-each-key.ts'
import { isBackedUp, tablesAt } from '../../scalardb/place.ts'
import { checkRoom } from '../../backup/preflight.ts'
import type { TableRepointing } from '../../scalardb/repoint.ts'
import type { TableRestore } from '../restore-table.ts'
import type { RestoreWork } from '../restore-work.ts'
import { tooLong } from '../../scalardb/restored-names.ts'

/** A table of the backup, and what it is restored as. */
export interface Pair {
  table: BackedUpTable
  restore: TableRestore
}

/** Everything that can be known to stand in the way of a restore under a prefix, before the first table is made. */
export async function preflightByPrefix(
  work: RestoreWork,
  pairs: readonly Pair[],
  repointing: TableRepointing,
  prefix: string,
  journal: Journal | undefined,
): Promise<Finding[]> {
  const { title, regions, region, details, access, context } = work
  const begun = ({ restore }: Pair) => journal?.begun(`restore ${restore.name}`) === true
  const toDo = pairs.filter((pair) => !begun(pair))
  const [first] = toDo
  const findings = [
    ...checkPoint(work, 'DynamoDB'),
    ...checkNames(work, pairs, prefix),
    ...checkKeys(work),
    ...checkVersions(work),
    ...(await checkProperties(work, repointing)),
    ...(await checkDrop(work, repointing)),
  ]
  try {
    findings.push(
      ...(await checkPlace(work)),
      ...(await checkBystanders({
        ...work,
        tables: details.tables,
        naming: details,
        fate:
          context.dropPrevious === true ? 'are restored beside, and the present ones removed' : 'are restored beside',
        harms: context.dropPrevious === true,
      })),
    )
    if (findings.some(({ outcome }) => outcome === 'error')) return findings
    findings.push(
      ...(await checkSources(
        work,
        toDo.map(({ table }) => table),
      )),
      ...(await checkTargets(work, toDo)),
    )
    if (context.dropPrevious === true) findings.push(...(await checkFence(work)))
    findings.push(await checkRoom(regions.target.dynamo, { title, more: toDo.length }))
    if (first !== undefined) {
      const settings = pairs.map(({ table }) => table.settings)
      const taken = region === details.region ? oneOfEachKey(toDo, ({ table }) => table.settings.kmsKey) : []
      findings.push(
        await checkRestoreRights({
          title,
          clients: regions.target,
          arn: first.table.arn,
          region,
          target: first.restore.name,
          taken: taken.map(({ table: { name } }) => ({ name, kmsKey: work.choice.kmsKey })),
          settings,
          fromBackups: pairs.some(({ restore }) => 'backupArn' in restore.from),
          makesBackups: false,
          rewritesRows: true,
        }),
      )
    }
  } catch (error) {
    work.context.signal.throwIfAborted()
    const { what, why, next } = awsFailure('the preflight failed', access, error)
    findings.push({ check: 'DynamoDB', subject: title, outcome: 'error', message: `${what}: ${why}`, cure: next })
  }
  return findings
}

function checkNames({ title, details }: RestoreWork, pairs: readonly Pair[], prefix: string): Finding[] {
  const check = { check: 'prefix', subject: title }
  if (!/^[\w.-]*$/.test(prefix))
    return [
      {
        ...check,
        outcome: 'error',
        message: `"${prefix}" has characters that no table's name may have`,
        cure: 'choose a prefix of letters, digits and _ . - with --prefix',
      },
    ]
  const long = pairs.flatMap(({ table, restore }) => tooLong(table.name, table.settings, restore.name))
  if (long.length > 0)
    return [
      {
        ...check,
        outcome: 'error',
        message: `with "${prefix}" these names are longer than 255 characters: ${long.join(', ')}`,
        cure: 'choose a shorter one with --prefix',
      },
    ]
  const collisions = pairs.filter(({ restore }) => details.tables.some(({ name }) => name === restore.name))
  if (collisions.length > 0 && prefix !== details.prefix)
    return [
      {
        ...check,
        outcome: 'error',
        message: `with "${prefix}" restored tables would be called like those backed up`,
        cure: 'choose another with --prefix',
      },
    ]
  return []
}

/** A key is of one region. */
function checkKeys({ title, details, region, choice }: RestoreWork): Finding[] {
  const encrypted = details.tables.filter(({ settings }) => settings.kmsKey !== undefined)
  if (region === details.region || choice.kmsKey !== undefined || encrypted.length === 0) return []
  return [
    {
      check: 'encryption',
      subject: title,
      outcome: 'error',
      message: `${encrypted.length} tables are encrypted with a KMS key of ${details.region}`,
      cure: `name a key of ${region} with --kms-key`,
    },
  ]
}

async function checkProperties(
  { title, choice, access, region }: RestoreWork,
  repointing: TableRepointing,
): Promise<Finding[]> {
  if (choice.repoint === 'print')
    return [
      {
        check: 'properties',
        subject: title,
        outcome: 'ok',
        message: `left as they are; to be set: ${repointing.lines.join(', ')}`,
      },
    ]
  if (region !== access.region && access.endpoint !== undefined)
    return [
      {
        check: 'properties',
        subject: title,
        outcome: 'error',
        message: `the release reaches DynamoDB at ${access.endpoint}, an endpoint of ${access.region} alone`,
        cure: `restore with --repoint print, and set what is shown and scalar.db.dynamo.endpoint_override of ${region}`,
      },
    ]
  return await repointing.findings()
}

/** What is to be removed once the restored data serves has to be what the backup tells of. */
async function checkDrop(
  { title, details, context: { dropPrevious } }: RestoreWork,
  repointing: TableRepointing,
): Promise<Finding[]> {
  if (dropPrevious !== true) return []
  const other = (await repointing.placesBefore()).find((place) => !isBackedUp(details, place))
  if (other === undefined) return []
  return [
    {
      check: 'former tables',
      subject: title,
      outcome: 'error',
      message:
        `they cannot be removed by --drop-previous: the releases use ${tablesAt(other)}, ` +
        `the backup is of ${tablesAt(details)}`,
      cure: 'omit --drop-previous, and delete them yourself once nobody needs them',
    },
  ]
}

/**
 * No table may have a name that the restore is to give, not even one of an earlier restore: it may have been written to
 * since.
 */
async function checkTargets(
  { title, regions, context: { former } }: RestoreWork,
  pairs: readonly Pair[],
): Promise<Finding[]> {
  if (former !== undefined) return []
  const found = await Promise.all(
    pairs.map(async ({ restore }) => ({ restore, table: await lookAtTable(regions.target.dynamo, restore.name) })),
  )
  const taken = found.flatMap(({ restore, table }) => (table === undefined ? [] : [{ restore, table }]))
  const [first] = taken
  const check = { check: 'names of restored tables', subject: title }
  if (first === undefined) return [{ ...check, outcome: 'ok', message: `${pairs.length} free` }]
  const same = isRestoredFrom(first.table, first.restore.from)
  return [
    {
      ...check,
      outcome: 'error',
      message:
        `${first.restore.name} is there already${taken.length === 1 ? '' : ` (and ${taken.length - 1} more)`}: ` +
        `${originOf(first.table)}`,
      cure: same
        ? 'an earlier restore of this very point made it: ' +
          'undo or resume that one (kubectl scalardl get restores), or choose another --prefix'
        : 'choose another --prefix',
    },
  ]
}
