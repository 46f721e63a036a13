/** The tables. `npm run migration` writes a new file to migrations/ after a change here. */
import { blob, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** Current objects. */
export const objects = sqliteTable(
  'objects',
  {
    id: integer('id').primaryKey(),
    key: text('key').notNull(),
    revision: integer('revision').notNull(),
    bytes: blob('bytes', { mode: 'buffer' }).notNull(),
  },
  (table) => [uniqueIndex('objects_key').on(table.key)],
)

/**
 * What happened, newest revisions only: an undo log. The state after a change is the `previous` of the object's next change, or
 * the current object, so no state is stored twice and every retained revision can be rebuilt.
 */
export const changes = sqliteTable('changes', {
  revision: integer('revision').primaryKey(),
  key: text('key').notNull(),
  type: text('type', { enum: ['create', 'update', 'delete'] }).notNull(),
  previousRevision: integer('previous_revision'),
  previousBytes: blob('previous_bytes', { mode: 'buffer' }),
  /** The last state as watchers saw it; only deletes have it, as there is no later state to take it from. */
  deletedBytes: blob('deleted_bytes', { mode: 'buffer' }),
})

/** Single numbers: the highest revision given out, and the revision up to which changes were forgotten. */
export const counters = sqliteTable('counters', {
  name: text('name', { enum: ['revision', 'compacted'] }).primaryKey(),
  value: integer('value').notNull(),
})
