import { writeRootKey } from '../../store/payload-facts.ts'
import type { Fact } from '../filters/compile-filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { pathKey, type CurrentFacts, type FactPorts } from './current-facts.ts'
import { lookAtPath, type PathScan } from './look-at-path.ts'

/** How the documents are looked at; the read gate's, since only it reads the engine. */
export interface FactScan {
  hasRootKey(key: string): Promise<boolean>
  valuesAt: PathScan
}

/** By the database of a product, since a process may have several. */
const looks = new WeakMap<FactPorts['db'], Map<string, Promise<boolean>>>()

/**
 * Looks once, whoever else asks meanwhile, and answers whether the fact is known then: not where writers do not tell of
 * it. A failed look is tried again by the next.
 */
export async function learnFact(
  ports: FactPorts,
  namespace: Namespace,
  facts: CurrentFacts,
  fact: Fact,
  scan: FactScan,
): Promise<boolean> {
  const look = lookFor(ports, namespace, facts, fact, scan)
  if (!look) return false
  let running = looks.get(ports.db)
  if (!running) looks.set(ports.db, (running = new Map()))
  const key = `${namespace.id} ${namespace.generation} ${look.key}`
  const there = running.get(key) ?? look.run().finally(() => running.delete(key))
  running.set(key, there)
  return await there
}

function lookFor(
  ports: FactPorts,
  namespace: Namespace,
  facts: CurrentFacts,
  fact: Fact,
  scan: FactScan,
): { key: string; run: () => Promise<boolean> } | null {
  if (fact.kind === 'exceptions') return null
  if (fact.kind === 'no_root_key') {
    const { key } = fact
    return { key: `root ${key}`, run: () => lookForRootKey(ports, namespace, key, scan) }
  }
  const { path } = fact
  const type = fact.kind === 'covered' ? fact.type : facts.indexes.get(path)?.schema.type
  if (type === undefined || !facts.watched.has(pathKey(path, type))) return null
  return {
    key: pathKey(path, type),
    async run() {
      await lookAtPath(ports, namespace, { path, type, isAlone: false }, scan.valuesAt)
      return true
    },
  }
}

async function lookForRootKey(
  { db, cache }: FactPorts,
  { id: namespaceId, generation }: Namespace,
  key: string,
  scan: FactScan,
): Promise<boolean> {
  const isPresent = await scan.hasRootKey(key)
  await writeRootKey(db, { namespaceId, generation }, { key, isPresent })
  cache.forget('payload_facts')
  return true
}
