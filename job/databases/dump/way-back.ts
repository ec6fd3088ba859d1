import { Failure } from '../../../operation/failure.ts'
import { NoWayBack } from '../errors.ts'
import type { Found, World } from './restore-target.ts'

/** @throws Failure where the data in service cannot give way to what was there before */
export function refuseNoWayBack(title: string, { live, restored, before }: World): void {
  if (restored.filled) throw inTheWay(title, restored)
  if (live.mark?.state !== 'replaced' || before.filled) return
  throw new NoWayBack(title, `there is none in ${before.name} any more`)
}

/** For a place of a restore that is to be free, and is not. */
export function inTheWay(title: string, { name }: Found): Failure {
  return new Failure({
    what: `${title} cannot be switched`,
    why: `there is data in ${name} already`,
    next: 'look what it holds, and rename or drop it',
  })
}

/** For restored data that is to be put in service, and is not there. */
export function notLoaded(title: string, { name }: Found): Failure {
  return new Failure({
    what: `${title} cannot be switched`,
    why: `the restored data is not loaded into ${name}`,
    next: 'run the restore again',
  })
}
