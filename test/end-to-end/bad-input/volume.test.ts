import t from 'tap'
import { fillDuringDump } from './full-volume.ts'
import { openLedgerStage } from '../stage/ledger-stage.ts'
import { backupOf, recordOf } from '../stage/records.ts'
import { neverPaused, nothingLeft, refuses } from './refusal.ts'
import { makeSmallClaim } from './small-claim.ts'
import { Volume } from '../stage/volume.ts'

/** Volumes without room for what is to be written: 40 MB of data that cannot be compressed much. */
const { stage } = await openLedgerStage('bad-volume', {
  replicas: 2,
  standIn: { STAND_IN_WORKERS: '1', STAND_IN_FILL_MB: '40' },
})
t.teardown(() => stage.close())

t.test('too little room is found before anything is paused', async (t) => {
  t.teardown(await makeSmallClaim(stage, 'tiny', 8))
  const run = await stage.scalardl(['backup', 'my', '--to', 'pvc://tiny/ledger', '--name', 'tiny'])
  refuses(t, run, {
    what: /was not begun, nothing was touched/,
    why: /free space, pvc:\/\/tiny\/ledger: \S+ MiB free, about \S+ MiB needed/,
    next: /delete backup.*enlarge the claim.*--to/,
  })
  await neverPaused(t, stage, 'backup-tiny')
  t.match(
    (await stage.scalardl(['doctor', 'my', '--to', 'pvc://tiny/ledger'])).stdout,
    /✖ free space, pvc:\/\/tiny\/ledger/,
  )
  t.strictSame(await (await Volume.of(stage, 'tiny')).entries(), [], 'nothing was written')
  await nothingLeft(t, stage)
})

t.test('a volume that fills during the dump costs the backup, and nothing else', async (t) => {
  t.teardown(await makeSmallClaim(stage, 'small', 64))
  const volume = await Volume.of(stage, 'small')
  const filled = fillDuringDump(volume).catch(String)
  const run = await stage.scalardl(['backup', 'my', '--to', 'pvc://small/ledger', '--name', 'full'])
  refuses(t, run, {
    code: 3,
    what: /pvc:\/\/small\/ledger|the dump of postgresql/,
    why: /No space left on device|no space is left/i,
    next: /the backup is unusable and its data is not kept\. (make room|remove backups)/,
  })
  t.match(await filled, /filled/)
  const record = await recordOf(stage, 'backup-full')
  t.match(record, {
    state: 'failed',
    exitCode: 3,
    windows: [{ verdict: 'valid' }],
    stillPaused: { length: 0 },
    backup: { state: 'unusable' },
  })
  t.strictSame(
    (await volume.entries()).filter((path) => path !== 'ledger'),
    [],
    'what was written is removed',
  )
  await nothingLeft(t, stage)

  const restore = await stage.scalardl(['restore', 'full', '--yes'])
  refuses(
    t,
    restore,
    { code: 3, what: /backup full cannot be restored/, why: /it is unusable/, next: /get backups/ },
    'restore',
  )

  const again = await stage.scalardl(['backup', 'my', '--to', 'pvc://small/ledger', '--name', 'fits'])
  t.equal(again.code, 0, again.stderr)
  t.equal(backupOf(await recordOf(stage, 'backup-fits')).state, 'restorable')
})
