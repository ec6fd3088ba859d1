import t from 'tap'
import { walkReplacements } from './replacement-walk.ts'

t.setTimeout(900_000)

t.test(
  'killed before and after every step, a restore in place, ' +
    'its undo and the removal of what it kept end as they would have without (odd cases)',
  (t) => walkReplacements(t, (one) => one % 2 === 1),
)
