import t from 'tap'
import { isHandedOn } from '../../../../job/context/handed-on.ts'
import { Interrupted } from '../../../../job/process/interrupted.ts'
import { asAnotherProcess, inMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'

t.test('a worker that failed by itself is the last one; one that was interrupted or succeeded is not', async (t) => {
  const cluster = inMemoryCluster([])
  await cluster.takeOver('pause-test')
  const { context, stop } = await contextOf(pauseRequest(), cluster)
  t.equal(await isHandedOn(context), false)
  cluster.suspended = true
  stop.abort(new Interrupted('SIGTERM'))
  t.equal(await isHandedOn(context), false, 'cancelled: nobody comes after it')
  cluster.suspended = false
  t.equal(await isHandedOn(context), true)
  const succeeded = await contextOf(pauseRequest(), cluster)
  await asAnotherProcess(cluster).takeOver('pause-test')
  t.equal(await isHandedOn(succeeded.context), true, 'what it would take back is that of another worker by now')
})
