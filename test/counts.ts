/** What a part of the run did; every assertion of a test counts. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** A test that was not run. */
export interface Skip {
  name: string
  /** empty where the test does not say it */
  reason: string
}

/** A test file, and how long it took. */
export interface FileTime {
  file: string
  seconds: number
}

/** How a command is counted: as one check, or by the tests that it says it ran. */
export type Counted = 'check' | 'tests'

export function sum(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

/**
 * Counts what a command did. A run of tap closes with `# { total: 7, pass: 5, fail: 1, skip: 1 }`, and there may be
 * several of them. A command that failed without a failed test, and tests of which none ran, count as one failure.
 */
export function countsOf(output: string, exitCode: number, counted: Counted): Counts {
  if (counted === 'check') return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 }
  const closings = [...output.matchAll(/^# \{ (.*) \}$/gm)].map(([, closing = '']) => closing)
  const count = (name: string): number =>
    closings.reduce((total, closing) => total + Number(new RegExp(`\\b${name}: (\\d+)`).exec(closing)?.[1] ?? 0), 0)
  const passed = count('pass')
  const failed = count('fail')
  const isFailed = exitCode !== 0 || passed === 0
  return { passed, failed: isFailed && failed === 0 ? 1 : failed, skipped: count('skip') + count('todo') }
}

/** The tests that a run of tap left out, each with its reason. */
export function skipsOf(output: string): Skip[] {
  return [...output.matchAll(/^ *ok \d+ - (.*?) # (?:SKIP|TODO) ?(.*)$/gm)].map(([, name = '', reason = '']) => ({
    name,
    reason,
  }))
}

/** The test files of a run of tap, in the order in which they ended. */
export function filesOf(output: string): FileTime[] {
  const lines = output.matchAll(/^(?:not )?ok \d+ - (\S+\.test\.ts) # time=([\d.]+)ms/gm)
  return [...lines].map(([, file = '', ms]) => ({ file, seconds: Number(ms) / 1000 }))
}
