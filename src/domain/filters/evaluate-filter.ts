import type { Payload } from '../../ports/vector-engine.ts'
import { fieldValues, type DocumentIdentity } from './field-values.ts'
import type { Filter } from './filter.ts'
import { leafTest } from './leaf-test.ts'

/**
 * What a filter means, said naively: whether it holds for one document (contract 5). Everything else that answers
 * filters is held to this by property tests. `identity` gives what the engine does not store in the payload.
 */
export function evaluateFilter(
  filter: Filter,
  payload: Payload,
  identity?: DocumentIdentity,
): boolean {
  return filterTest(filter)(payload, identity)
}

export type FilterTest = (payload: Payload, identity?: DocumentIdentity) => boolean

/** The filter as a function, prepared once for many documents. It throws where `leafTest` and its test do. */
export function filterTest(filter: Filter): FilterTest {
  if (filter.kind === 'leaf') {
    const holds = leafTest(filter)
    return (payload, identity) => holds(fieldValues(payload, filter.field, identity))
  }
  const tests = filter.filters.map(filterTest)
  switch (filter.kind) {
    case 'and':
      return (payload, identity) => tests.every((holds) => holds(payload, identity))
    case 'or':
      return (payload, identity) => tests.some((holds) => holds(payload, identity))
    case 'not':
      return (payload, identity) => !tests.some((holds) => holds(payload, identity))
  }
}
