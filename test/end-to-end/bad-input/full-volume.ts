import type { Volume } from '../stage/volume.ts'

const filling = `
const fs = require('node:fs')
const filler = '/volume/filler'
const chunk = Buffer.alloc(4 << 20, 1)
const below = () => {
  try {
    return fs.readdirSync('/volume/ledger', { recursive: true })
  } catch {
    return [] // the preflight makes the folder and removes it again
  }
}
// The folder of a database comes after the pause, unlike the claim of the backup's own.
const begun = () => below().some((path) => path.includes('postgresql-'))
const endMs = Date.now() + 120000
const until = async (holds) => {
  while (!holds()) {
    if (Date.now() > endMs) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
const file = fs.openSync(filler, 'a')
const fill = () => {
  try {
    for (;;) fs.writeSync(file, chunk)
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error
  }
}
void (async () => {
  await until(begun)
  await until(() => {
    fill()
    return below().length === 0
  })
  fs.closeSync(file)
  fs.rmSync(filler)
  console.log('filled')
})()
`

/**
 * Fills a volume to the last byte as soon as a dump below `ledger` has begun there, keeps it full until that is gone,
 * then makes room again. @returns "filled"
 */
export function fillDuringDump(volume: Volume): Promise<string> {
  return volume.node(filling)
}
