import { open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compose } from './compose.ts'
import type { Config } from './config.ts'
import { recoverBatches } from './domain/batches/recover-batches.ts'
import { recoverIndexChecks } from './domain/index-advisor/add-check.ts'
import { addBlobSweep } from './domain/objects/remove-unused-blobs.ts'
import { recoverNamespaces } from './domain/namespaces/recover-namespaces.ts'
import { ensureFirstKey } from './domain/organizations/ensure-first-key.ts'
import { recoverJobs } from './domain/recover-jobs.ts'
import { flushUsage } from './domain/query-usage/flush-usage.ts'
import { addUsageSweep } from './domain/query-usage/sweep-usage.ts'
import { flushExecutions } from './domain/retrievers/execution-log.ts'
import { createApi, type Api } from './http/api.ts'
import { routes } from './http/routes.ts'
import { startServer } from './http/server.ts'
import type { Logger } from './ports/logger.ts'
import type { Ports } from './ports/ports.ts'
import { jobs } from './worker/jobs.ts'
import { runWorker } from './worker/worker.ts'

/** A whole Nacre in this process: engines, worker, and the API as a fetch handler. */
export interface Product extends AsyncDisposable {
  ports: Ports
  api: Api
  folder: string
  /** The plaintext of an admin key made by this start; null where one was there. */
  adminKey: string | null
}

/**
 * Opens everything, ends what an earlier process left half-done, and begins to work jobs.
 * Where nobody else uses the embedded engines, jobs that a dead process held are put back at once.
 */
export async function openProduct(config: Config, log: Logger): Promise<Product> {
  const stack = new AsyncDisposableStack()
  try {
    const composition = stack.use(await compose(config, log))
    const { ports, folder, isAlone } = composition
    const adminKey = await ensureFirstKey(ports, {
      adminKey: config.adminKey ?? null,
      keep: (key) => keepAdminKey(folder, key),
    })
    if (isAlone) await ports.queue.requeueActive()
    await recoverNamespaces(ports, { isAlone })
    // Not before what the dead held is free again: from here on others may hold something.
    await composition.admitOthers()
    await recoverBatches(ports)
    await recoverJobs(ports)
    await recoverIndexChecks(ports)
    await addBlobSweep(ports)
    await addUsageSweep(ports)
    await runWorker(ports, jobs, { concurrency: config.jobConcurrency })
    stack.defer(() => ports.queue.drain(config.drainTimeoutMs))
    stack.defer(() => flushExecutions(ports))
    stack.defer(() => flushUsage(ports))
    const api = stack.use(createApi(routes, ports))
    const owned = stack.move()
    return {
      ports,
      folder,
      adminKey,
      api,
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

/** `openProduct`, listening. Closing it stops listening first, then drains. */
export async function openServer(config: Config, log: Logger): Promise<Product & { url: string }> {
  const stack = new AsyncDisposableStack()
  try {
    const product = stack.use(await openProduct(config, log))
    const { host, port, drainTimeoutMs } = config
    const { url } = stack.use(
      await startServer({ api: product.api, host, port, log, drainTimeoutMs }),
    )
    const owned = stack.move()
    return { ...product, url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

/** Whole or not at all, and on disk when it returns: the file of an earlier database stays until then. */
async function keepAdminKey(folder: string, key: string): Promise<void> {
  const path = join(folder, 'admin.key')
  // What a killed start left may have another mode.
  await rm(`${path}.new`, { force: true })
  await writeFile(`${path}.new`, `${key}\n`, { mode: 0o600, flush: true })
  await rename(`${path}.new`, path)
  await using directory = await open(folder)
  await directory.sync()
}
