import t from 'tap'
import { startPostgresql } from '../../../stand-ins/postgresql/local-server.ts'

t.test('a throwaway server answers, and is gone after stop', async (t) => {
  const server = await startPostgresql(['work_mem=5MB'])
  const client = await server.connect()
  const answer = await client.query<{ work_mem: string }>('SHOW work_mem')
  t.equal(answer.rows[0]?.work_mem, '5MB', 'with the settings asked for')
  await client.end()
  await server.stop()
  await t.rejects(server.connect(), { code: 'ECONNREFUSED' })
  await server.stop()
})
