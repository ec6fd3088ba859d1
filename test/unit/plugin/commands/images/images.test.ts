import t from 'tap'
import { run } from '../../../../../build/processes.ts'
import { projectFolder, projectVersion } from '../../../../../build/project.ts'

const images = (...flags: string[]) =>
  run(process.execPath, ['plugin/main.ts', 'images', ...flags], { cwd: projectFolder })

t.test('the images of this version are listed, one a line, as a registry has them', async (t) => {
  const version = projectVersion()
  t.equal(
    await images(),
    `ghcr.io/kubectl-scalardl/worker:${version}\nghcr.io/kubectl-scalardl/worker-sql:${version}\n`,
  )
  t.strictSame(JSON.parse(await images('--registry-mirror', 'registry.example.com/a', '-o', 'json')), {
    images: ['worker', 'worker-sql'].map((name) => `registry.example.com/a/kubectl-scalardl/${name}:${version}`),
  })
  await t.rejects(images('--registry-mirror', 'https://registry.example.com'), /is no HOST/)
})
