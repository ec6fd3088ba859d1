import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fetchedOnce } from '../fetched-once.ts'

const run = promisify(execFile)
const version = '0.31.0'
const installMs = 600_000

/** The folder of Medusa's packages, 180 MB, fetched from PyPI once and kept. @throws Error with pip's words */
export function ensureMedusa(): Promise<string> {
  return fetchedOnce(`cassandra-medusa-${version}`, async (folder) => {
    const environment = join(folder, 'environment')
    await run('python3', ['-m', 'venv', environment], { timeout: installMs })
    // The programs of an environment know its path, so what is kept is the packages alone, which may be moved.
    const pip = ['install', '--quiet', '--no-cache-dir', '--target', folder, `cassandra-medusa==${version}`]
    await run(join(environment, 'bin', 'pip'), pip, { timeout: installMs })
    await rm(environment, { recursive: true })
  })
}

/**
 * Makes the command line of Medusa for one node, with a storage in a folder that all nodes share.
 * @param packages what ensureMedusa answers
 * @param node its folder with cassandra.yaml, and its address
 */
export function medusaCommand(packages: string, storage: string, node: { folder: string; address: string }): string[] {
  mkdirSync(join(storage, 'backups'), { recursive: true })
  const settings = join(node.folder, 'medusa.ini')
  writeFileSync(
    settings,
    [
      '[cassandra]',
      'start_cmd = true',
      'stop_cmd = true',
      `config_file = ${node.folder}/cassandra.yaml`,
      'resolve_ip_addresses = False',
      '[storage]',
      'storage_provider = local',
      'bucket_name = backups',
      `base_path = ${storage}`,
      `fqdn = ${node.address}`,
      'use_sudo_for_restore = False',
    ].join('\n'),
  )
  const start = [
    'import sys, time',
    // After Python's own: among the packages is an asyncio of many years ago.
    'sys.path.append(sys.argv.pop(1))',
    'from medusa.medusacli import cli',
    // Between seven tries of an upload it waits for up to two minutes.
    'wait = time.sleep',
    "if 'backup-node' in sys.argv: time.sleep = lambda seconds: wait(min(seconds, 1))",
    'cli()',
  ]
  return ['python3', '-c', start.join('\n'), packages, '--config-file', settings]
}
