import { sql, type Selectable } from 'kysely'
import type {
  GuardType,
  KindCounts,
  PathFacts,
  RootKeyFact,
} from '../domain/payload-facts/path-facts.ts'
import type { Db, Tables } from './tables.ts'

type Row = Selectable<Tables['payload_facts']>

/** What the rows of a namespace say, of every generation. */
export interface StoredFacts {
  paths: StoredPath[]
  rootKeys: (RootKeyFact & { generation: number })[]
}

/** What a writer has found that may not stand there yet; nothing in it is ever taken back by another. */
export type FoundFact =
  | { kind: 'root_key'; key: string }
  | {
      kind: 'path'
      path: string
      type: GuardType
      /** Whether a row is made where there is none: by writers who know of none, for a path that is watched. */
      isFirst: boolean
      kinds: KindCounts
      hasLists: boolean
      exceptions: readonly string[]
      isOverflown: boolean
    }
type FoundPath = Extract<FoundFact, { kind: 'path' }>
type StoredPath = PathFacts & { generation: number }

/** Where a fact is noted, and how many exceptions a path may have. */
export interface NotePlace {
  namespaceId: string
  generation: number
  exceptionsMax: number
}

/** One path of one generation, held against one type of index. */
export interface Place {
  namespaceId: string
  generation: number
  path: string
  type: GuardType
}

/** One number a namespace, which grows with every change of its facts and of its payload indexes. */
export async function readFactEpoch(db: Db, namespaceId: string): Promise<string | null> {
  const row = await db
    .selectFrom('payload_fact_epochs')
    .select('epoch')
    .where('namespace_id', '=', namespaceId)
    .executeTakeFirst()
  return row?.epoch ?? null
}

export async function readFacts(db: Db, namespaceId: string): Promise<StoredFacts> {
  const rows = await db
    .selectFrom('payload_facts')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .orderBy('look')
    .execute()
  const isRootKey = ({ kind }: Row) => kind === 'root_key'
  return {
    paths: rows.filter((row) => !isRootKey(row)).map(pathFactsOf),
    rootKeys: rows.filter(isRootKey).map((row) => ({
      generation: row.generation,
      key: row.name,
      isKnown: row.is_known,
      isPresent: row.is_present,
    })),
  }
}

/**
 * Adds to the facts of one generation what is about to be written into it, in one transaction, and answers how they
 * stand then. Empty where the namespace is gone.
 */
export async function noteFound(
  db: Db,
  place: NotePlace,
  found: readonly FoundFact[],
  also: (tx: Db, noted: StoredFacts) => Promise<void> = async () => {},
): Promise<StoredFacts> {
  return await db.transaction().execute(async (tx) => {
    await lockFacts(tx, place.namespaceId)
    const noted: StoredFacts = { paths: [], rootKeys: [] }
    for (const fact of found) {
      if (fact.kind === 'root_key') {
        await writeRootKey(tx, place, { key: fact.key, isPresent: true })
        const { generation } = place
        noted.rootKeys.push({ generation, key: fact.key, isKnown: true, isPresent: true })
      } else {
        noted.paths.push(...(await addTo(tx, place, fact)))
      }
    }
    await also(tx, noted)
    return noted
  })
}

/** A key that no document had when all were looked at; what a writer has found meanwhile stays. */
export async function writeRootKey(
  db: Db,
  { namespaceId, generation }: { namespaceId: string; generation: number },
  { key, isPresent }: { key: string; isPresent: boolean },
): Promise<void> {
  await sql`
    insert into payload_facts (namespace_id, generation, kind, name, is_known, is_present)
    values (${namespaceId}, ${generation}, 'root_key', ${key}, true, ${isPresent})
    on conflict (namespace_id, generation, kind, name, type, look) do update
    set is_known = true, is_present = payload_facts.is_present or excluded.is_present`.execute(db)
}

/**
 * Begins a census of a path, and answers the number of the row that it will be: writers add to it from here on. One that
 * nobody knows anything by yet is used; beside a known one a new row is made, for which the caller is alone in the
 * namespace; else null is answered.
 */
export async function beginLook(db: Db, place: Place, isAlone: boolean): Promise<number | null> {
  return await db.transaction().execute(async (tx) => {
    await lockFacts(tx, place.namespaceId)
    const looks = await at(tx, place).orderBy('look').execute()
    if (looks.some(({ is_known }) => is_known) && !isAlone) return null
    const unknown = looks.find(({ is_known }) => !is_known)
    if (unknown && !isAlone) return unknown.look
    // Of a census that nobody will end, or that ends for nothing.
    await whole(tx.deleteFrom('payload_facts'), place).where('is_known', '=', false).execute()
    return await insertLook(tx, place)
  })
}

/**
 * Ends a census: what it found joins what was written since it began, and readers go by it from here on; earlier ones
 * go. Null where nobody waits for it any more.
 */
export async function endLook(
  db: Db,
  place: NotePlace,
  look: number,
  fact: FoundPath,
): Promise<PathFacts | null> {
  return await db.transaction().execute(async (tx) => {
    await lockFacts(tx, place.namespaceId)
    const key = { ...place, path: fact.path, type: fact.type }
    const row = await at(tx, key).where('look', '=', look).executeTakeFirst()
    if (!row) return null
    const kinds = { ...row.kinds, ...fact.kinds }
    const facts = await merge(tx, place, row, fact, {
      kinds: JSON.stringify(kinds),
      is_known: true,
    })
    await whole(tx.deleteFrom('payload_facts'), key).where('look', '<', look).execute()
    return facts
  })
}

/** Watches a path for an index to come; without an index beside it, only `guardsMax` of a namespace are. */
export async function addGuard(db: Db, guard: Place & { guardsMax: number }): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockFacts(tx, guard.namespaceId)
    if ((await at(tx, guard).execute()).length === 0) await insertLook(tx, guard)
    await trimGuards(tx, guard.namespaceId, guard.guardsMax)
  })
}

/** Of a path, in every generation, what no payload index needs. For the holder of the exclusive lease. */
export async function dropFacts(db: Db, namespaceId: string, path: string): Promise<void> {
  await sql`
    delete from payload_facts f
    where f.namespace_id = ${namespaceId} and f.kind = 'path' and f.name = ${path} and not ${hasIndex}`.execute(
    db,
  )
}

/** Of a generation that is erased. */
export async function dropFactsOfGeneration(
  db: Db,
  namespaceId: string,
  generation: number,
): Promise<void> {
  await db
    .deleteFrom('payload_facts')
    .where('namespace_id', '=', namespaceId)
    .where('generation', '=', generation)
    .execute()
}

const hasIndex = sql<boolean>`exists (
  select 1 from payload_indexes i
  where i.namespace_id = f.namespace_id and i.path = f.name and i.type = f.type and i.state <> 'virtual')`

/** Changes of a namespace's facts go one after the other; the first statement of each transaction that makes one. */
async function lockFacts(tx: Db, namespaceId: string): Promise<void> {
  await sql`select 1 from payload_fact_epochs where namespace_id = ${namespaceId} for update`.execute(
    tx,
  )
}

/** Of paths without an index, `guardsMax` stay watched, the newest. */
async function trimGuards(tx: Db, namespaceId: string, guardsMax: number): Promise<void> {
  await sql`
    delete from payload_facts f
    where f.namespace_id = ${namespaceId} and f.kind = 'path' and f.name in (
      select name from payload_facts f
      where f.namespace_id = ${namespaceId} and f.kind = 'path' and not ${hasIndex}
      group by name order by max(created_at) desc, name offset ${guardsMax})
    and not ${hasIndex}`.execute(tx)
}

/** Numbers come from a sequence: none is given out twice. */
async function insertLook(tx: Db, { namespaceId, generation, path, type }: Place): Promise<number> {
  const { rows } = await sql<{ look: number }>`
    insert into payload_facts (namespace_id, generation, kind, name, type, look)
    values (${namespaceId}, ${generation}, 'path', ${path}, ${type}, nextval('payload_fact_looks'))
    returning look`.execute(tx)
  return rows[0]?.look ?? 0
}

/** To every census that has begun: the one that readers go by, and one that is under way. */
async function addTo(tx: Db, place: NotePlace, fact: FoundPath): Promise<StoredPath[]> {
  const key = { ...place, path: fact.path, type: fact.type }
  if (fact.isFirst && (await at(tx, key).execute()).length === 0) await insertLook(tx, key)
  const noted: StoredPath[] = []
  for (const row of await at(tx, key).execute()) {
    // A count is the census's; what is written since is only named.
    noted.push(
      await merge(tx, place, row, fact, { kinds: JSON.stringify({ ...fact.kinds, ...row.kinds }) }),
    )
  }
  return noted
}

async function merge(
  tx: Db,
  place: NotePlace,
  row: Row,
  fact: FoundPath,
  also: { kinds: string; is_known?: true },
): Promise<StoredPath> {
  const key = { ...place, path: fact.path, type: fact.type }
  const exceptions = new Set([...row.exceptions, ...fact.exceptions])
  const isOverflown = row.is_overflown || fact.isOverflown || exceptions.size > place.exceptionsMax
  const after = await whole(tx.updateTable('payload_facts'), key)
    .where('look', '=', row.look)
    .set({
      ...also,
      has_lists: row.has_lists || fact.hasLists,
      exceptions: JSON.stringify(isOverflown ? [] : [...exceptions]),
      is_overflown: isOverflown,
      ...(also.is_known && { taken_at: new Date() }),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return pathFactsOf(after)
}

function at(db: Db, place: Place) {
  return whole(db.selectFrom('payload_facts').selectAll(), place)
}

interface Where<T> {
  where(
    column: 'namespace_id' | 'generation' | 'kind' | 'name' | 'type',
    op: '=',
    value: string | number,
  ): T
}

function whole<T extends Where<T>>(query: T, { namespaceId, generation, path, type }: Place): T {
  return query
    .where('namespace_id', '=', namespaceId)
    .where('generation', '=', generation)
    .where('kind', '=', 'path')
    .where('name', '=', path)
    .where('type', '=', type)
}

function pathFactsOf(row: Row): StoredPath {
  return {
    generation: row.generation,
    path: row.name,
    type: row.type as GuardType,
    look: row.look,
    isKnown: row.is_known,
    kinds: row.kinds,
    hasLists: row.has_lists,
    exceptions: new Set(row.exceptions),
    isOverflown: row.is_overflown,
  }
}
