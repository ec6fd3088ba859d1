import { open } from 'node:fs/promises'
import type { Action } from '../../command-line/command.ts'
import type { ExportFlags } from './command.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure, messageOf } from '../../../operation/failure.ts'
import { isFinal } from '../../../operation/outcome/outcome.ts'
import { formatDocument } from '../../terminal/print.ts'
import { placeOf } from '../../presentation/backup-place.ts'
import { signedBy } from '../../presentation/signed-by.ts'
import { findOperation, recordOf } from '../../kubernetes/records/operations.ts'

/** Writes a file, readable for its owner alone. @throws Failure where that is not possible */
async function writeText(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, 'w', 0o600)
    await handle.writeFile(text).finally(() => handle.close())
  } catch (error) {
    throw new Failure(
      {
        what: `${file} cannot be written`,
        why: messageOf(error),
        next: 'name another file with -f, or omit it for stdout',
      },
      { cause: error },
    )
  }
}

export const runExport: Action<ExportFlags> = async (flags, session, terminal) => {
  const record = recordOf(await findOperation(session, flags.name, flags.what))
  if (!isFinal(record)) terminal.warning(`${record.operation} has not ended; export it again when it has`)
  else if (record.backup?.state !== 'restorable')
    terminal.warning(`${record.operation} cannot be restored: it is ${record.backup?.state ?? record.state}`)
  const signer = signedBy(record)
  if (signer !== undefined) terminal.note(`Signed by: ${signer}`)
  const text = formatDocument(record, 'json')
  if (flags.filename === undefined || flags.filename === '-') {
    terminal.document(text)
    return ExitCode.done
  }
  await writeText(flags.filename, `${text}\n`)
  terminal.note(
    `The record of ${record.operation} is in ${flags.filename}; ` +
      `the data itself stays at ${placeOf(record.backup) ?? 'no known place'}.`,
  )
  return ExitCode.done
}
