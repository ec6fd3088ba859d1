import t from 'tap'
import { walkReplacements } from './replacement-walk.ts'

t.setTimeout(900_000)

t.test(
  'killed at every other write of the journal, from the second, a restore in place, its undo and the removal of what it kept end as they would have without',
  (t) => walkReplacements(t, (write) => write % 2 === 0),
)
