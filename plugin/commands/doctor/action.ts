import { ExitCode } from '../../../operation/exit-code.ts'
import type { Finding } from '../../../operation/finding.ts'
import { Failure } from '../../../operation/failure.ts'
import { formatLocation, parseLocation } from '../../../operation/location.ts'
import { parseEncryption, type EncryptionRequest } from '../../../operation/encryption/encryption.ts'
import { operationName } from '../../../operation/names.ts'
import type { OperationRecord } from '../../../operation/record.ts'
import type { RequestOf } from '../../../operation/request.ts'
import type { Action } from '../../command-line/command.ts'
import { findReleases, listReleases, type Release } from '../../kubernetes/releases/releases.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import { chooseName, databaseParts, prepareOperation, requestCore } from '../../operations/prepare-operation.ts'
import { readTargetOptions } from '../../flags/read-target.ts'
import { runOperation } from '../../operations/run-operation.ts'
import { formatDocument } from '../../terminal/print.ts'
import { findingLines } from '../../terminal/findings.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { readJobOptions } from '../../flags/job-options.ts'
import { readDatabaseFlags } from '../../flags/kind-flags.ts'
import { wholeNumber } from '../../flags/numbers.ts'
import { showVerdict } from '../../presentation/verdict.ts'
import type { DoctorFlags } from './command.ts'
import { localChecks } from './local-checks.ts'

async function chosenReleases(session: Session, names: readonly string[]): Promise<Release[]> {
  const releases = names.length > 0 ? await findReleases(session, names) : await listReleases(session)
  if (releases.length > 0) return releases
  throw new Failure({
    what: `no release was found in namespace ${session.namespace}`,
    why: 'no Deployment or pod there has the labels of a Scalar product',
    next: 'name its namespace with -n',
  })
}

/** @throws Failure (usage) for a key without a recipient to try it with */
function readTriedEncryption({ encrypt, decryptSecret }: DoctorFlags): EncryptionRequest | undefined {
  if (encrypt !== undefined) return parseEncryption(encrypt)
  if (decryptSecret === undefined) return undefined
  throw new Failure(
    {
      what: '--decrypt-secret has nothing to try',
      why: 'without --encrypt nothing is encrypted',
      next: 'say for whom backups are encrypted: --encrypt age1… or --encrypt @SECRET',
    },
    { exitCode: ExitCode.usage },
  )
}

/** Shows findings as they become known; as JSON or YAML they are one document at the end. */
function show(terminal: Terminal, flags: DoctorFlags, findings: readonly Finding[]): void {
  if (flags.output === 'json' || flags.output === 'yaml') return
  for (const finding of findings)
    terminal.data(...(flags.output === 'name' ? [finding.check] : findingLines(finding, terminal.style)))
}

function conclude(
  terminal: Terminal,
  flags: DoctorFlags,
  findings: readonly Finding[],
  record: OperationRecord | undefined,
): ExitCode {
  if (flags.output === 'json' || flags.output === 'yaml') terminal.document(formatDocument({ findings }, flags.output))
  const errors = findings.filter((finding) => finding.outcome === 'error').length
  const warnings = findings.filter((finding) => finding.outcome === 'warning').length
  // an operation that failed without an error among its findings failed for another reason
  if (errors === 0 && record !== undefined && record.state !== 'succeeded') showVerdict(terminal, record)
  terminal.note(`${findings.length} checks: ${errors} errors, ${warnings} warnings`)
  return errors > 0 || (record !== undefined && record.state !== 'succeeded') ? ExitCode.failed : ExitCode.done
}

export const runDoctor: Action<DoctorFlags> = async (flags, session, terminal) => {
  const options = readJobOptions(flags)
  const target = readTargetOptions(flags)
  const to = flags.to === undefined ? undefined : formatLocation(parseLocation(flags.to))
  const encryption = readTriedEncryption(flags)
  wholeNumber('--parallel', flags.parallel, 1)
  const releases = await chosenReleases(session, flags.release ?? [])
  const name = chooseName(flags.name, releases[0]?.name ?? '')

  const local = await localChecks(session, releases, flags.serviceAccount, to)
  show(terminal, flags, local)
  if (local.some((finding) => finding.outcome === 'error')) {
    terminal.note(
      `${operationName('doctor', name)} was not started: its pod could not work before these errors are fixed`,
    )
    return conclude(terminal, flags, local, undefined)
  }

  const parts = await databaseParts(session, releases)
  const databases = readDatabaseFlags(flags, false)
  const whole = { ...target.target, ...databases, releases: parts.map((part) => part.target) }
  const core = requestCore(session, 'doctor', name, whole)
  const request: RequestOf<'doctor'> = {
    ...core,
    ...(to === undefined ? {} : { to }),
    ...(encryption === undefined ? {} : { encryption }),
    schemas: flags.schema ?? [],
    ...(flags.table === undefined ? {} : { tables: flags.table }),
  }
  const objects = await prepareOperation(
    session,
    request,
    parts,
    {
      location: to,
      recipientSecrets: encryption?.secrets,
      decryptSecret: flags.decryptSecret,
      databaseSecret: flags.databaseSecret,
      tlsCaSecret: target.tlsCaSecret,
    },
    options,
  )
  const record = await runOperation(session, terminal, objects, flags, { shows: (event) => event.code !== 'finding' })
  if (record === undefined) return ExitCode.done
  show(terminal, flags, record.findings)
  return conclude(terminal, flags, [...local, ...record.findings], record)
}
