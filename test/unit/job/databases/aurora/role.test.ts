import t from 'tap'
import { aurora } from '../../../../../job/databases/aurora/aurora.ts'
import { needsItsPolicies } from '../aws-relational/needed-policies.ts'
import { backedUp, openWorld } from './cluster-world.ts'

needsItsPolicies(t, {
  kind: aurora,
  open: openWorld,
  backedUp,
  present: (world) => world.clusters(),
  looksBy: 'rds:RestoreDBClusterToPointInTime',
})
