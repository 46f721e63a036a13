/**
 * The default engine: better-sqlite3, the tables of tables.ts, one transaction for all writes of a turn of the event loop.
 * Drizzle owns the schema, the migrations and the statements' SQL; the statements of the write path are prepared on the
 * driver itself, which saves a third of their time.
 */
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { asc, eq, lte, sql } from 'drizzle-orm'
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3'
import { migrate } from 'drizzle-orm/better-sqlite3/migrator'
import { packageFile } from '../../lib/package-file.ts'
import {
  type AlongsideUpdate,
  type ChangeType,
  type Commit,
  failureOf,
  type Loaded,
  type LoggedChange,
  type Storage,
  type StoredValue,
  type Write,
  type WriteResult,
} from '../storage.ts'
import { type PendingWrite, WriteBatch } from '../write-batch.ts'
import { changes, counters, objects } from './tables.ts'

const MIGRATIONS = fileURLToPath(packageFile('migrations'))

/** Pages the write-ahead log may reach before it is folded into the file: 16 MiB, so that bursts don't pay for it each time. */
const CHECKPOINT_PAGES = 4000

export class SqliteStorage implements Storage {
  readonly #driver: Database.Database
  readonly #db: BetterSQLite3Database
  readonly #statements: ReturnType<typeof prepareStatements>
  readonly #transaction: (batch: readonly PendingWrite[]) => { commits: Commit[]; results: WriteResult[] }
  readonly #batch = new WriteBatch((batch) => this.#commit(batch))
  #revision = 0
  #onCommit: (commits: readonly Commit[]) => void = () => {}

  /** @throws when the file can't be opened, written or locked; one process at a time may have it open */
  constructor(path: string) {
    this.#driver = new Database(path, { timeout: 0 })
    this.#driver.pragma('locking_mode = EXCLUSIVE')
    this.#driver.pragma('journal_mode = WAL')
    this.#driver.pragma('synchronous = FULL')
    this.#driver.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    this.#db = drizzle(this.#driver)
    migrate(this.#db, { migrationsFolder: MIGRATIONS })
    this.#statements = prepareStatements(this.#driver, this.#db)
    this.#transaction = this.#driver.transaction((batch: readonly PendingWrite[]) => {
      const commits: Commit[] = []
      const results = batch.map(({ write }) => this.#apply(write, commits))
      if (commits.length > 0) this.#statements.setCounter.run('revision', this.#revision)
      return { commits, results }
    }).immediate
  }

  load(onCommit: (commits: readonly Commit[]) => void): Loaded {
    this.#onCommit = onCommit
    const saved = new Map(
      this.#db
        .select()
        .from(counters)
        .all()
        .map(({ name, value }) => [name, value]),
    )
    this.#revision = saved.get('revision') ?? 0
    const values = this.#db
      .select({ key: objects.key, revision: objects.revision, bytes: objects.bytes })
      .from(objects)
      .orderBy(asc(objects.key))
      .all()
    return { values, changes: this.#loadChanges(values), revision: this.#revision, compactedRevision: saved.get('compacted') ?? 0 }
  }

  /** The state after a change is what the next change of the object replaced, or the object as it is now: so, newest first. */
  #loadChanges(values: readonly StoredValue[]): LoggedChange[] {
    const later = new Map<string, StoredValue>(values.map((value) => [value.key, value]))
    const rows = this.#db.select().from(changes).orderBy(asc(changes.revision)).all()
    const logged: LoggedChange[] = []
    for (const row of rows.reverse()) {
      const previous =
        row.previousRevision === null ? undefined : { key: row.key, revision: row.previousRevision, bytes: row.previousBytes! }
      const value = row.deletedBytes === null ? later.get(row.key) : { key: row.key, revision: row.revision, bytes: row.deletedBytes }
      if (value !== undefined) logged.push({ type: row.type, value, previous })
      if (previous === undefined) later.delete(row.key)
      else later.set(row.key, previous)
    }
    return logged.reverse()
  }

  write(write: Write): Promise<WriteResult> {
    return this.#batch.add(write)
  }

  compact(revision: number): void {
    this.#driver.transaction(() => {
      this.#db.delete(changes).where(lte(changes.revision, revision)).run()
      this.#statements.setCounter.run('compacted', revision)
    })()
  }

  idle(): Promise<void> {
    return this.#batch.idle()
  }

  async close(): Promise<void> {
    this.#batch.close()
    this.#driver.close()
  }

  #commit(batch: readonly PendingWrite[]): void {
    const revisionBefore = this.#revision
    let outcome: { commits: Commit[]; results: WriteResult[] }
    try {
      outcome = this.#transaction(batch)
    } catch (error) {
      this.#revision = revisionBefore
      for (const { reject } of batch) reject(error as Error)
      return
    }
    if (outcome.commits.length > 0) this.#onCommit(outcome.commits)
    for (const [i, { resolve }] of batch.entries()) resolve(outcome.results[i]!)
  }

  #apply(write: Write, commits: Commit[]): WriteResult {
    const revisions = new Map<string, number | undefined>()
    const failure = failureOf(write, (key) => {
      const revision = this.#statements.find.get(key)
      revisions.set(key, revision)
      return revision
    })
    if (failure !== undefined) return { failure }
    for (const update of write.alongside ?? []) this.#put('update', update, revisions.get(update.key), false, commits)
    const replacesLastChange = write.type === 'update' && write.replacesLastChange === true
    return { value: this.#put(write.type, write, revisions.get(write.key), replacesLastChange, commits) }
  }

  /** @param current the object's revision so far */
  #put(
    type: ChangeType,
    { key, encode, decoded }: Write | AlongsideUpdate,
    current: number | undefined,
    replacesLastChange: boolean,
    commits: Commit[],
  ): StoredValue {
    const revision = this.#revision + 1
    const bytes = encode(revision)
    if (type === 'create') {
      this.#statements.insertObject.run(key, revision, bytes)
      this.#statements.logCreate.run(revision, key)
    } else {
      this.#logChange(type, key, current!, revision, type === 'delete' ? bytes : null, replacesLastChange)
      if (type === 'update') this.#statements.updateObject.run(revision, bytes, key)
      else this.#statements.deleteObject.run(key)
    }
    this.#revision = revision
    const value = { key, revision, bytes }
    commits.push({ type, value, decoded, replacesLastChange })
    return value
  }

  #logChange(
    type: ChangeType,
    key: string,
    previousRevision: number,
    revision: number,
    deletedBytes: Buffer | null,
    replacesLastChange: boolean,
  ): void {
    // An object's last change is the one that gave it its revision. Replacing an update moves it up to the new revision.
    const moved = replacesLastChange && this.#statements.moveChange.run(revision, previousRevision).changes > 0
    if (!moved) this.#statements.logChange.run(revision, type, deletedBytes, key)
  }
}

/** The statements of the write path. Placeholders bind in the order in which they stand. */
function prepareStatements(driver: Database.Database, db: BetterSQLite3Database) {
  const prepare = (query: { toSQL(): { sql: string } }) => driver.prepare(query.toSQL().sql)
  const slot = sql.placeholder('slot')
  return {
    find: prepare(db.select({ revision: objects.revision }).from(objects).where(eq(objects.key, slot))).pluck() as Database.Statement<
      [string],
      number
    >,
    insertObject: driver.prepare('insert into objects (key, revision, bytes) values (?, ?, ?)'),
    updateObject: prepare(
      db
        .update(objects)
        .set({ revision: sql`${slot}`, bytes: sql`${slot}` })
        .where(eq(objects.key, slot)),
    ),
    deleteObject: prepare(db.delete(objects).where(eq(objects.key, slot))),
    logCreate: driver.prepare("insert into changes (revision, key, type) values (?, ?, 'create')"),
    logChange: driver.prepare(
      'insert into changes (revision, key, type, previous_revision, previous_bytes, deleted_bytes)' +
        ' select ?, key, ?, revision, bytes, ? from objects where key = ?',
    ),
    moveChange: driver.prepare("update changes set revision = ? where revision = ? and type = 'update'"),
    setCounter: driver.prepare('insert into counters (name, value) values (?, ?) on conflict (name) do update set value = excluded.value'),
  }
}
