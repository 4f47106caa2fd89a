import { describe } from 'node:test'
import { catalogueContract } from './vector-engine-contract/catalogue.contract.ts'
import { filtersContract } from './vector-engine-contract/filters.contract.ts'
import { pagesContract } from './vector-engine-contract/pages.contract.ts'
import { payloadIndexesContract } from './vector-engine-contract/payload-indexes.contract.ts'
import { queriesContract } from './vector-engine-contract/queries.contract.ts'
import { reopeningContract, type Reopening } from './vector-engine-contract/reopening.contract.ts'
import type { OpenEngine } from './vector-engine-contract/setup.contract.ts'
import { namedVectorsContract } from './vector-engine-contract/vectors.contract.ts'
import { writesContract } from './vector-engine-contract/writes.contract.ts'

/**
 * What every VectorEngine promises; each adapter's test file calls this once. `open` may be called many
 * times, one engine at a time. With `reopening` the engine's own durability is tried as well.
 */
export function vectorEngineContract(name: string, open: OpenEngine, reopening?: Reopening): void {
  describe(`${name} keeps the VectorEngine contract`, () => {
    catalogueContract(open)
    namedVectorsContract(open)
    writesContract(open)
    filtersContract(open)
    payloadIndexesContract(open)
    queriesContract(open)
    pagesContract(open)
    if (reopening) reopeningContract(reopening)
  })
}
