import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectFolder } from '../../build/project.ts'
import { mutations } from '../mutations/mutations.ts'

const sources = globSync('{job,kubernetes,operation,plugin}/**/*.ts', { cwd: projectFolder }).map((file) =>
  readFileSync(join(projectFolder, file), 'utf8'),
)

t.test('every deliberate breakage can still be applied, and its tests are there', (t) => {
  t.ok(mutations.length > 10, 'there are breakages to look at')
  for (const { title, file, changes, tests } of mutations) {
    const found = sources.filter((text) => text.includes(file))
    t.equal(found.length, 1, `${title}: one file has ${JSON.stringify(file)}`)
    for (const [old] of changes) t.equal(found[0]?.split(old).length, 2, `${title}: it has ${JSON.stringify(old)} once`)
    for (const test of tests)
      t.equal(globSync(`test/{unit,security}/**/${test}`, { cwd: projectFolder }).length, 1, `${title}: ${test}`)
  }
  t.end()
})
