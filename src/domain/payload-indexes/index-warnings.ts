import type { Ports } from '../../ports/ports.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { takeCensus, type Census } from '../payload-facts/census.ts'
import { sameSchema } from './index-schema.ts'
import type { PayloadIndex } from './payload-index.ts'

/** Of an index that was made as it was declared: what stands in its field and it cannot hold. Answers stay right. */
export interface IndexWarning {
  fieldName: string
  /** Documents with such a value. */
  unheld: number
  /** Up to three of the values, as JSON. */
  examples: string[]
}

/**
 * Looks at every value of the indexes that are new or of another schema than `before`, and warns of those that hold not
 * all of them. The census is what reads go by from then on. One that does not end within `ms` is left to the first read
 * that needs it, and warns of nothing.
 */
export async function indexWarnings(
  ports: Ports,
  namespace: Namespace,
  before: readonly PayloadIndex[],
  ms: number,
): Promise<IndexWarning[]> {
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(ms)))
  const warnings: IndexWarning[] = []
  for (const { path, fieldName, schema } of namespace.payloadIndexes.filter(isNew(before))) {
    try {
      const census = await takeCensus(ports, namespace, path, { schema, signal })
      const { unheld, unheldExamples: examples }: Census = census
      if (unheld > 0) warnings.push({ fieldName, unheld, examples })
    } catch (error) {
      // The index stands; what is not known of its values keeps reads right, if slower.
      ports.log.warn(
        { namespaceId: namespace.id, path, error },
        'values of a new payload index not looked at',
      )
      if (signal.aborted) return warnings
    }
  }
  return warnings
}

function isNew(before: readonly PayloadIndex[]): (index: PayloadIndex) => boolean {
  return ({ path, schema, origin, state }) => {
    if (origin !== 'user' || state !== 'active') return false
    const earlier = before.find((index) => index.path === path)
    return !earlier || earlier.state !== 'active' || !sameSchema(earlier.schema, schema)
  }
}
