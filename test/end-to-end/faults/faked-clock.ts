import { globSync } from 'node:fs'
import { meetRequirements } from '../../../build/requirements.ts'

const installed = () => globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')

/**
 * libfaketime (github.com/wolfcw/libfaketime), for programs with threads: preloaded, it tells a process the time that a
 * file says. Debian's package is installed where it is missing.
 * @throws Failure where that cannot be
 */
export async function fakedClockLibrary(): Promise<string> {
  if (installed().length === 0)
    await meetRequirements({
      purpose: 'A process with a clock of its own',
      programs: {},
      packages: ['libfaketime'],
      otherwise: 'run the fault matrix without its cases of the clock',
    })
  const [library] = installed()
  if (library === undefined) throw new Error('the package libfaketime has no /usr/lib/*/faketime/libfaketimeMT.so.1')
  return library
}
