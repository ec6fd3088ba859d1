import { openingSum } from './rows.ts'

/** What the data of one side says about itself. */
export interface Side {
  accounts: number
  sum: number
  /** sum of the amounts of all transfers */
  moved: number
  /** every transfer as `stream number amount`, by `stream number` */
  transfers: Map<string, string>
}

/** Whether the workload's data is one consistent state, and what is wrong if it is not. */
export interface Verdict {
  holds: boolean
  /** for people, one line each; empty when it holds */
  problems: string[]
  details: {
    sumChecking: number
    sumSavings: number
    expectedSum: number
    transfersChecking: number
    transfersSavings: number
    /** the first few transfers that one side has and the other has not */
    missingInChecking: string[]
    missingInSavings: string[]
    /** streams whose numbers have gaps */
    gaps: string[]
    assets: number | undefined
    states: number | undefined
    /** transfers of each stream: what a restored state has to have again, exactly */
    streams: Record<string, number>
  }
}

const shown = 10

function missing(from: Side, of: Side): string[] {
  return [...of.transfers].filter(([key, value]) => from.transfers.get(key) !== value).map(([key]) => key)
}

function byStream(side: Side): Map<string, number[]> {
  const numbers = [...side.transfers.keys()].map((key) => key.split(' '))
  return Map.groupBy(numbers, ([stream = '']) => stream)
    .entries()
    .reduce(
      (map, [stream, entries]) =>
        map.set(
          stream,
          entries.map((entry) => Number(entry[1])),
        ),
      new Map<string, number[]>(),
    )
}

export interface Found {
  /** undefined: its tables are not there */
  checking: Side | undefined
  savings: Side | undefined
  /** how many there are; undefined: no such table */
  assets: number | undefined
  states: number | undefined
}

/** Compares what was found in the databases with what always holds when nothing is half-way. */
export function verdictOf({ checking, savings, assets, states }: Found): Verdict {
  const problems: string[] = []
  if (checking === undefined) problems.push('there are no tables checking.account and checking.transfer')
  if (savings === undefined) problems.push('there are no tables savings.account and savings.transfer')
  const none: Side = { accounts: 0, sum: 0, moved: 0, transfers: new Map() }
  const [a, b] = [checking ?? none, savings ?? none]

  const expectedSum = openingSum(a.accounts + b.accounts)
  if (a.sum + b.sum !== expectedSum)
    problems.push(`the accounts hold ${a.sum} + ${b.sum} = ${a.sum + b.sum}, not ${expectedSum}`)
  if (a.sum !== openingSum(a.accounts) - a.moved)
    problems.push('the accounts of checking are not what its transfers make of them')
  if (b.sum !== openingSum(b.accounts) + b.moved)
    problems.push('the accounts of savings are not what its transfers make of them')
  const missingInChecking = missing(a, b)
  const missingInSavings = missing(b, a)
  if (missingInChecking.length > 0)
    problems.push(`checking lacks ${missingInChecking.length} transfers that savings has`)
  if (missingInSavings.length > 0) problems.push(`savings lacks ${missingInSavings.length} transfers that checking has`)
  const streams = byStream(a)
  const gaps = [...streams]
    .filter(([, numbers]) => numbers.reduce((most, each) => Math.max(most, each), 0) !== numbers.length)
    .map(([stream]) => stream)
  if (gaps.length > 0) problems.push(`the numbers of ${gaps.length} streams have gaps`)
  if (assets !== undefined && assets !== a.transfers.size)
    problems.push(`${assets} assets for ${a.transfers.size} transfers`)
  if (states !== undefined && states !== a.transfers.size)
    problems.push(`${states} transaction states for ${a.transfers.size} transfers`)

  return {
    holds: problems.length === 0,
    problems,
    details: {
      sumChecking: a.sum,
      sumSavings: b.sum,
      expectedSum,
      transfersChecking: a.transfers.size,
      transfersSavings: b.transfers.size,
      missingInChecking: missingInChecking.slice(0, shown),
      missingInSavings: missingInSavings.slice(0, shown),
      gaps: gaps.slice(0, shown),
      assets,
      states,
      streams: Object.fromEntries([...streams].map(([stream, numbers]) => [stream, numbers.length])),
    },
  }
}
