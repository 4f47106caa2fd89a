import type { EngineCondition, EngineFilter } from '../../ports/vector-engine.ts'
import { engineKey } from './key-path.ts'

/** The filter with every payload path as the engine reads it. Throws EngineRejection for a path it cannot. */
export function engineFilter(filter: EngineFilter): EngineFilter {
  const { must, should, must_not } = filter
  return {
    ...(must && { must: must.map(engineCondition) }),
    ...(should && { should: should.map(engineCondition) }),
    ...(must_not && { must_not: must_not.map(engineCondition) }),
  }
}

function engineCondition(condition: EngineCondition): EngineCondition {
  if ('key' in condition) return { ...condition, key: engineKey(condition.key) }
  if ('has_id' in condition || 'has_vector' in condition) return condition
  if ('is_empty' in condition) return { is_empty: { key: engineKey(condition.is_empty.key) } }
  if ('is_null' in condition) return { is_null: { key: engineKey(condition.is_null.key) } }
  if ('nested' in condition) {
    const { key, filter } = condition.nested
    return { nested: { key: engineKey(key), filter: engineFilter(filter) } }
  }
  return engineFilter(condition)
}
