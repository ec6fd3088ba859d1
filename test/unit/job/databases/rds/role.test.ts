import t from 'tap'
import { rds } from '../../../../../job/databases/rds/rds.ts'
import { needsItsPolicies } from '../aws-relational/needed-policies.ts'
import { backedUp, openWorld } from './instance-world.ts'

needsItsPolicies(t, {
  kind: rds,
  open: openWorld,
  backedUp,
  present: (world) => world.instances(),
  looksBy: 'rds:RestoreDBInstanceToPointInTime',
})
