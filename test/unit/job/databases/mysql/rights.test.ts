import t from 'tap'
import { rightsOf } from '../../../../../job/databases/mysql/rights.ts'

t.test('rights as SHOW GRANTS tells them', async (t) => {
  const some = rightsOf([
    "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*94BD'",
    'GRANT SELECT, SHOW VIEW, INSERT (`a`, `b`), TRIGGER ON `scalar%`.* TO `u`@`%`',
    'GRANT ALL PRIVILEGES ON `co\\_rd`.* TO `u`@`%` WITH GRANT OPTION',
    'GRANT DROP ON `odd ``name`.`t 1` TO `u`@`%`',
    'GRANT EXECUTE ON PROCEDURE `scalar`.`p` TO `u`@`%`',
    'GRANT `role`@`%` TO `u`@`%`',
  ])
  t.ok(some.has('SELECT', 'scalardb'))
  t.ok(some.has('TRIGGER', 'scalar'))
  t.notOk(some.has('INSERT', 'scalar'), 'a right to some columns is none to the table')
  t.notOk(some.has('SELECT', 'Other'))
  t.ok(some.has('DROP', 'co_rd'))
  t.notOk(some.has('DROP', 'coXrd'), 'an escaped underscore stands for itself')
  t.ok(some.has('DROP', 'odd `name', 't 1'))
  t.notOk(some.has('DROP', 'odd `name'))
})

t.test('rights on all schemas, but for those taken back', async (t) => {
  const all = rightsOf([
    'GRANT SELECT, CREATE ROLE, DROP ON *.* TO `u`@`%`',
    'REVOKE DROP ON `mysql`.* FROM `u`@`%`',
    'GRANT BACKUP_ADMIN ON *.* TO `u`@`%`',
  ])
  t.ok(all.has('DROP', 'scalar'))
  t.notOk(all.has('DROP', 'mysql'))
  t.notOk(all.has('CREATE', 'scalar'))
})
