import type { Finding } from '../../../../operation/finding.ts'
import type { RestoreWork } from '../restore/restore-work.ts'

/**
 * From which version on a product reads `scalar.db.dynamo.namespace.prefix`, and up to which it is certain that it does
 * not. ScalarDB reads it since 3.7.0 (scalar-labs/scalardb, release notes of 3.7.0: 2022-09-03). ScalarDB Cluster has
 * ScalarDB's numbers. ScalarDL 3.8.0 has ScalarDB 3.8.0 (its release notes); 3.5.0 is older than ScalarDB 3.7.0
 * (2022-08-03). What 3.6 and 3.7 have inside no public source says: they are neither.
 */
const readers: Record<string, { since: Version; notUpTo: Version }> = {
  ledger: { since: [3, 8], notUpTo: [3, 5] },
  auditor: { since: [3, 8], notUpTo: [3, 5] },
  'scalardb-cluster': { since: [3, 7], notUpTo: [3, 6] },
}

type Version = [major: number, minor: number]

/** Whether a product of this version uses the tables under the prefix that its properties name. */
export function readsPrefix(app: string, version: string | undefined): 'yes' | 'no' | 'unknown' {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? []
  const reader = readers[app]
  if (reader === undefined || major === undefined || minor === undefined) return 'unknown'
  const isFrom = (than: Version) => Number(major) > than[0] || (Number(major) === than[0] && Number(minor) >= than[1])
  if (isFrom(reader.since)) return 'yes'
  return isFrom([reader.notUpTo[0], reader.notUpTo[1] + 1]) ? 'unknown' : 'no'
}

/**
 * A release that ignores the prefix would go on with the tables in service while everybody believes that it was
 * restored: it is refused, and so is one of which nobody knows, unless that was agreed to.
 */
export function checkVersions({ title, settings, choice, context: { releases = [] } }: RestoreWork): Finding[] {
  const apps = new Set(settings.map(({ storage }) => storage.split('/')[0]))
  return releases
    .filter(({ app }) => apps.has(app))
    .map(({ name, app, version }): Finding => {
      const check = { check: "ScalarDB's version", subject: title }
      const what = `${name} runs ${app} ${version ?? 'of a version that neither its image nor its labels tell'}`
      const reads = readsPrefix(app, version)
      if (reads === 'yes') return { ...check, outcome: 'ok', message: `${what}, which reads the namespace prefix` }
      const message =
        reads === 'no'
          ? `${what}, whose ScalarDB is older than 3.7 and ignores the namespace prefix: ` +
            'it would go on with the tables in service'
          : `${what}; whether its ScalarDB reads the namespace prefix (3.7 and later do) is not known`
      const isAgreed = reads === 'unknown' && (choice.unknownVersion === true || choice.repoint === 'print')
      const unlessKnown =
        reads === 'unknown' ? '; where you know that its ScalarDB is 3.7 or later, add --unknown-version' : ''
      return {
        ...check,
        outcome: isAgreed ? 'warning' : 'error',
        message,
        cure: `restore with --strategy replace, or upgrade the release first${unlessKnown}`,
      }
    })
}
