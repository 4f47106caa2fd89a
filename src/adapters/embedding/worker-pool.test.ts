import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure } from '../../domain/failure.ts'
import type { Logger } from '../../ports/logger.ts'
import { WorkerPool } from './worker-pool.ts'

const log: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }

/** A thread that answers the number of its texts, and dies of `die`, once or always. */
const mortal = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, threadId } from 'node:worker_threads'
    parentPort.on('message', ({ id, texts }) => {
      if (texts[0] === 'die') process.exit(3)
      parentPort.postMessage({ id, results: texts.map((text) => Float32Array.of(text.length)) })
    })
  `)}`,
)

test('a thread that died is replaced, and what waited behind it is answered', async () => {
  await using pool = new WorkerPool(mortal, { log, threadsMax: 1, queueMax: 10 })

  const death = assert.rejects(pool.run(['die'], 'batch'), (error) => {
    return isFailure(error, 'inference_unavailable') && /code 3/.test(error.message)
  })
  const behind = pool.run(['four'], 'batch')

  await death
  assert.deepEqual(await behind, [Float32Array.of(4)])
})

test('a full queue refuses at once', async () => {
  await using pool = new WorkerPool(mortal, { log, threadsMax: 1, queueMax: 1 })

  const running = pool.run(['one'], 'batch')
  const waiting = pool.run(['two'], 'batch')

  await assert.rejects(pool.run(['three'], 'batch'), /1 calls wait for it already/)
  await Promise.all([running, waiting])
})

test('it learns what a text takes a thread, but not from a job that waited for the model', async () => {
  const loading = new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort } from 'node:worker_threads'
      await new Promise((resolve) => setTimeout(resolve, 2000))
      parentPort.on('message', ({ id, texts }) => setTimeout(() => {
        parentPort.postMessage({ id, results: texts.map(() => Float32Array.of(1)) })
      }, 20 * texts.length))
    `)}`,
  )
  await using pool = new WorkerPool(loading, { log, threadsMax: 1, queueMax: 10 })

  await pool.run(['a'], 'batch')
  assert.equal(pool.textMs, 0)
  await pool.run(['a', 'b', 'c', 'd'], 'batch')
  // Less than the loading by far, and not less than the timer.
  assert.ok(pool.textMs >= 19 && pool.textMs < 400, `${pool.textMs}`)
})
