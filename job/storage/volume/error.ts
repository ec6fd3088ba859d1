import { Failure, messageOf } from '../../../operation/failure.ts'
import { errorCode } from '../error-code.ts'

const cures: Record<string, { why: string; next: string }> = {
  ENOSPC: {
    why: 'no space is left on the volume',
    next:
      'remove backups that are no longer needed (kubectl scalardl delete backup), ' +
      'or enlarge the PersistentVolumeClaim',
  },
  EDQUOT: { why: 'its quota is used up', next: 'remove backups that are no longer needed, or raise the quota' },
  EROFS: {
    why: 'the volume is read-only',
    next: 'give a PersistentVolumeClaim with access mode ReadWriteOnce or ReadWriteMany',
  },
  EACCES: {
    why: "the worker's user may not write there",
    next: 'let the group of the pod (fsGroup) write to the volume, or change the owner of the folder',
  },
  EPERM: {
    why: "the worker's user may not write there",
    next: 'let the group of the pod (fsGroup) write to the volume, or change the owner of the folder',
  },
  EIO: { why: 'the volume reports an input/output error', next: 'check the storage behind the PersistentVolumeClaim' },
}

/** An error of the file system as a person can use it. */
export function volumeFailure(title: string, what: string, error: unknown): Failure {
  if (error instanceof Failure) return error
  const known = cures[errorCode(error) ?? '']
  return new Failure(
    {
      what: `${title}: ${what}`,
      why: known?.why ?? messageOf(error),
      next: known?.next ?? 'check the volume, then run the same command again',
    },
    { cause: error },
  )
}

/** Runs what touches the file system, whose errors become Failures. */
export async function guarded<T>(title: string, what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw volumeFailure(title, what, error)
  }
}
