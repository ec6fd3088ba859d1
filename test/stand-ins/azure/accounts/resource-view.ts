import type { Container } from './container.ts'
import type { Database } from './database.ts'

/** A database as both planes show it. */
export const databaseResource = ({ name, rid, etag, createdMs }: Database) => ({
  id: name,
  _rid: rid,
  _self: `dbs/${rid}/`,
  _etag: etag,
  _colls: 'colls/',
  _users: 'users/',
  _ts: Math.floor(createdMs / 1000),
})

/** A container as both planes show it. */
export const containerResource = (database: Database, { name, current, rid, tsMs, etag }: Container) => ({
  id: name,
  ...current,
  _rid: rid,
  _ts: Math.floor(tsMs / 1000),
  _self: `dbs/${database.rid}/colls/${rid}/`,
  _etag: etag,
  _docs: 'docs/',
  _sprocs: 'sprocs/',
  _triggers: 'triggers/',
  _udfs: 'udfs/',
  _conflicts: 'conflicts/',
})
