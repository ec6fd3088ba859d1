import { join } from 'node:path'
import { cacheFolder } from './cache.ts'
import { withLock } from './lock.ts'
import { run } from './processes.ts'
import { withProgress } from './waiting.ts'

/**
 * Installs Debian packages; needs root. Only one installation goes on at a time: apt refuses a second one beside it.
 * @throws Failure with the words of apt-get
 */
export async function installPackages(packages: readonly string[]): Promise<void> {
  const options = { environment: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 900_000 }
  await withLock(join(cacheFolder(), 'apt.lock'), () =>
    withProgress(`installing ${packages.join(' ')}`, async () => {
      await run('apt-get', ['update'], options)
      await run('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], options)
    }),
  )
}
