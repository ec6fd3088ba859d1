import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { projectFolder } from '../../../build/project.ts'
import { notesOf, released } from '../../../build/release/changelog.ts'

const changelog = '# Changes\n\n## Unreleased\n\n### New\n\n- a thing\n\n## 0.1.0\n\nThe first.\n'

t.test('what was unreleased is under the version, and its notes are that', async (t) => {
  const after = released(changelog, '0.2.0')
  t.equal(after, changelog.replace('## Unreleased\n', '## Unreleased\n\n## 0.2.0\n'))
  t.equal(notesOf(after, '0.2.0'), '### New\n\n- a thing\n\n')
  t.equal(notesOf(after, '0.1.0'), 'The first.\n')
  t.throws(() => released(after, '0.3.0'), /There is nothing to release as 0\.3\.0/)
  t.throws(() => released('# Changes\n', '0.3.0'), /nothing to release/)
})

t.test('the workflows call what package.json has', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  for (const name of ['test', 'release']) {
    const text = readFileSync(join(projectFolder, '.github', 'workflows', `${name}.yaml`), 'utf8')
    const { jobs } = parse(text) as { jobs: Record<string, { steps: { run?: string; uses?: string }[] }> }
    const steps = Object.values(jobs).flatMap((job) => job.steps)
    const called = steps.flatMap(({ run }) => [...(run ?? '').matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1]))
    for (const script of called) t.ok(scripts[script ?? ''] !== undefined, `${name} calls ${script}`)
    t.ok(steps.some(({ run }) => /npm (run|cit)/.test(run ?? '')))
    for (const { uses } of steps.filter((step) => step.uses !== undefined)) t.match(uses, /@v\d+/)
  }
})
