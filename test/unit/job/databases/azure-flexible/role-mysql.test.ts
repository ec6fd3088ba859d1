import t from 'tap'
import { needsItsRoles } from './needed-roles.ts'
import { onMysql } from './server-world.ts'

needsItsRoles(t, onMysql)
