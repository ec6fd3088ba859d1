import t from 'tap'
import { cacheFolder } from '../../../build/cache.ts'
import { isAtLeast, meetRequirements } from '../../../build/requirements.ts'

t.test('all that is missing is named at once', async (t) => {
  const path = process.env['PATH']
  process.env['PATH'] = '/nonexistent'
  t.teardown(() => {
    process.env['PATH'] = path
  })
  const needs = {
    purpose: 'A test',
    programs: { 'no-such-a': 'pack-a', 'no-such-b': 'pack-b' },
    packages: ['pack-c'],
    otherwise: 'do nothing',
  }
  await t.rejects(meetRequirements(needs), /pack-a, pack-b, pack-c/)
})

t.test('a Go that is too old is told from one that will do', async (t) => {
  t.ok(isAtLeast('go1.26.8', '1.25'))
  t.ok(isAtLeast('go1.25', '1.25'))
  t.ok(isAtLeast('go2.0.1', '1.25'))
  t.notOk(isAtLeast('go1.19.8', '1.25'))
  t.notOk(isAtLeast('devel', '1.25'))
})

t.test('the cache lies where it was asked for', async (t) => {
  t.equal(cacheFolder({ KUBECTL_SCALARDL_CACHE: '/a', XDG_CACHE_HOME: '/b' }), '/a')
  t.equal(cacheFolder({ XDG_CACHE_HOME: '/b' }), '/b/kubectl-scalardl')
  t.match(cacheFolder({}), /\/\.cache\/kubectl-scalardl$/)
})
