export interface Counts {
  passed: number
  failed: number
}

export function sum(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed }
}

/**
 * Counts what a part of the test run did. A tap run closes with `# { total: 7, pass: 6, fail: 1 }`, and a part may be
 * several; any other command is one check. A command that failed without a failed test (a crash, nothing to run) counts as one failure, never as none.
 */
export function countsOf(output: string, exitCode: number): Counts {
  const closings = [...output.matchAll(/^# \{ (.*) \}$/gm)].map(([, closing = '']) => closing)
  if (closings.length === 0) return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  const count = (name: string): number =>
    closings.reduce((total, closing) => total + Number(new RegExp(`\\b${name}: (\\d+)`).exec(closing)?.[1] ?? 0), 0)
  const passed = count('pass')
  const failed = count('fail')
  return { passed, failed: exitCode !== 0 && failed === 0 ? 1 : failed }
}
