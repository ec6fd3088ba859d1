import t from 'tap'
import { needsItsRoles } from './needed-roles.ts'
import { onPostgresql } from './server-world.ts'

needsItsRoles(t, onPostgresql)
