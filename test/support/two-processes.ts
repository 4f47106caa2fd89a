import { openRowCache } from '../../src/store/cache.ts'
import { openDatabase } from '../../src/store/database.ts'
import { openNamespaceLeases } from '../../src/store/namespace-leases.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { openTestDatabase } from './database.ts'
import { openTestPorts } from './ports.ts'

/**
 * Two products on one database and one engine, each with connections, leases and a memory of its own. `isDeaf`: neither
 * ever hears of what the other changes, as if every NOTIFY were late.
 */
export async function openTwoProcesses({ isDeaf = false }: { isDeaf?: boolean } = {}): Promise<
  { processes: readonly [Ports, Ports] } & AsyncDisposable
> {
  await using stack = new AsyncDisposableStack()
  const first = stack.use(await openTestPorts())
  const { config, log } = first
  const url = config.databaseUrl ?? ''
  const database = await openDatabase(url, { connectionsMax: 8 })
  stack.defer(() => database.close())
  const { db } = database
  const heard = isDeaf ? stack.use(await openTestDatabase()).url : url
  const openCache = () => openRowCache(heard, { entriesMax: config.cacheEntriesMax, log })
  const leases = stack.use(openNamespaceLeases({ db, log }))
  const second: Ports = { ...first, db, cache: stack.use(await openCache()), leases }
  const processes = [isDeaf ? { ...first, cache: stack.use(await openCache()) } : first, second]
  const owned = stack.move()
  return {
    processes: [processes[0] ?? first, second],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
