import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure } from '../../domain/failure.ts'
import type { Logger } from '../../ports/logger.ts'
import { WorkerPool } from './worker-pool.ts'

const log: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }

/** A thread that answers the lengths of its texts, dies of `die`, and has no end with `stick`. */
const mortal = threadOf(`
  import { parentPort } from 'node:worker_threads'
  parentPort.on('message', ({ id, texts }) => {
    if (texts[0] === 'die') process.exit(3)
    if (texts[0] === 'stick') return
    parentPort.postMessage({ id, results: texts.map((text) => Float32Array.of(text.length)) })
  })
  parentPort.postMessage('ready')
`)
const one = { log, threadsMax: 1, queryThreadsMax: 1, queueMax: 10 }

function threadOf(code: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`)
}

test('a thread that died is replaced, and what waited behind it is answered', async () => {
  await using pool = new WorkerPool(mortal, one)

  const death = assert.rejects(pool.run(['die'], 'batch'), (error) => {
    return isFailure(error, 'inference_unavailable') && /code 3/.test(error.message)
  })
  const behind = pool.run(['four'], 'batch')

  await death
  assert.deepEqual(await behind, [Float32Array.of(4)])
})

test('a full queue refuses at once', async () => {
  await using pool = new WorkerPool(mortal, { ...one, queueMax: 1 })

  const running = pool.run(['one'], 'batch')
  const waiting = pool.run(['two'], 'batch')

  await assert.rejects(pool.run(['three'], 'batch'), /1 calls wait for it already/)
  await Promise.all([running, waiting])
})

test('a query does not wait for batch work that is under way, and batch work leaves its thread to queries', async () => {
  await using pool = new WorkerPool(mortal, one)
  const ended: string[] = []
  const stuck = pool.run(['stick'], 'batch').finally(() => ended.push('stuck'))
  const behind = pool.run(['behind'], 'batch').finally(() => ended.push('behind'))
  const closing = Promise.allSettled([stuck, behind])

  for (const text of ['one', 'three'])
    assert.deepEqual(await pool.run([text], 'query'), [Float32Array.of(text.length)])

  assert.deepEqual(ended, [])
  await pool[Symbol.asyncDispose]()
  for (const { status } of await closing) assert.equal(status, 'rejected')
})

test('what waits for a model that does not load is refused with the reason', async () => {
  const broken = threadOf(`throw new Error('no such model')`)
  await using pool = new WorkerPool(broken, one)

  const refused = (['query', 'batch'] as const).map((priority) =>
    assert.rejects(
      pool.run(['a'], priority),
      (error) => isFailure(error, 'inference_unavailable') && /no such model/.test(error.message),
    ),
  )
  await Promise.all(refused)
})

test('where no thread can be had for queries alone, they go with the rest', async () => {
  const first = threadOf(`
    import { parentPort, workerData } from 'node:worker_threads'
    if (!workerData.givesWay) throw new Error('no memory')
    parentPort.on('message', ({ id, texts }) => setTimeout(() => {
      parentPort.postMessage({ id, results: texts.map((text) => Float32Array.of(text.length)) })
    }, 20))
    parentPort.postMessage('ready')
  `)
  await using pool = new WorkerPool(first, one)

  const batch = Array.from({ length: 5 }, () => pool.run(['batch'], 'batch'))
  const queries = Array.from({ length: 5 }, () => pool.run(['query'], 'query'))

  assert.equal((await Promise.all([...batch, ...queries])).length, 10)
})
