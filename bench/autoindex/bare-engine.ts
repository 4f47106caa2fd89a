import { compose, openLogger } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import type { EngineFilter } from '../../src/ports/vector-engine.ts'
import { share } from './data.ts'
import { traps, type Trap } from './traps.ts'

const askedTotal = 100

/** What an index makes of the engine's own answers, where nobody stands between. */
export interface BareTrap {
  field: string
  /** Of a hundred filters those that match other documents than before. */
  changed: number
  /** Documents that all of them match together, without an index and with it. */
  matchesBefore: number
  matchesAfter: number
}

/** On the folder of a server that was stopped: the engine alone, its answers before and after each naive index. */
export async function askBareEngine(folder: string, namespaceId: string): Promise<BareTrap[]> {
  const config = readConfig({ NACRE_DATA: folder, NACRE_LOG: 'silent' })
  await using composition = await compose(config, openLogger({ level: 'silent' }))
  const { vectors } = composition.ports
  const found: BareTrap[] = []
  for (const trap of traps) {
    if (trap.bare === null) continue
    const ask = async () => {
      const counts: number[] = []
      for (const filter of filtersOf(trap))
        counts.push(await vectors.count(namespaceId, { filter, exact: true }))
      return counts
    }
    await vectors.dropPayloadIndex(namespaceId, trap.field)
    const before = await ask()
    await vectors.createPayloadIndex(namespaceId, trap.field, trap.naive)
    const after = await ask()
    found.push({
      field: trap.field,
      changed: before.filter((count, i) => count !== after[i]).length,
      matchesBefore: sum(before),
      matchesAfter: sum(after),
    })
  }
  return found
}

function filtersOf({ bare }: Trap): EngineFilter[] {
  return Array.from({ length: askedTotal }, (_, i) => bare?.(share(i, 'bare')) ?? {})
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
