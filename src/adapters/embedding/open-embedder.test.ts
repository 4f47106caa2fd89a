import assert from 'node:assert/strict'
import { once } from 'node:events'
import { glob, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import { getPriority } from 'node:os'
import { describe, test } from 'node:test'
import { readConfig } from '../../config.ts'
import { isFailure } from '../../domain/failure.ts'
import type { Embedder, TextRefusal } from '../../ports/embedder.ts'
import type { Logger } from '../../ports/logger.ts'
import { openEmbedder } from './open-embedder.ts'

const log: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }

async function open(env: Record<string, string> = {}): Promise<Embedder> {
  const config = readConfig({ NACRE_EMBEDDING_THREADS: '1', ...env })
  return await openEmbedder({ config, log })
}

/** Threads of this process that let others go first. */
async function niceThreads(): Promise<number> {
  const own = getPriority()
  const stats = await Array.fromAsync(glob('/proc/self/task/*/stat'), (path) =>
    readFile(path, 'utf8').catch(() => ''),
  )
  // After the name, which may have spaces: the state is the third field, the niceness the nineteenth.
  const nice = stats.map((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]))
  return nice.filter((each) => each > own).length
}

async function reasonsOf(embedder: Embedder, texts: string[]): Promise<string[]> {
  const results = await embedder.embed('bundled', texts, 'batch')
  return results.map((result) => (result instanceof Float32Array ? 'vector' : result.reason))
}

describe('the bundled model', () => {
  test('describe() tells the truth: 512 dimensions, English, 128 tokens', async () => {
    await using embedder = await open()

    const model = await embedder.describe('bundled')
    const [vector] = await embedder.embed('bundled', ['a cat sat on the mat'], 'query')

    assert.equal(model.inferenceName, 'universal_sentence_encoder_lite_en_v1')
    assert.ok(vector instanceof Float32Array)
    assert.equal(vector.length, model.dimensions)
    assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5)
  })

  test('related texts are nearer than unrelated ones', async () => {
    await using embedder = await open()

    const [dog, puppy, tax] = await vectors(embedder, [
      'the dog plays in the garden',
      'a puppy is playing outside',
      'income tax returns are due in April',
    ])

    assert.ok(dot(dog, puppy) > dot(dog, tax) + 0.2)
  })

  test('what an English tokenizer cannot represent is refused, with the setting to change', async () => {
    await using embedder = await open()
    const foreign = [
      '我喜欢吃苹果',
      '股票市场今天下跌了',
      'Москва столица России',
      'нет', // every letter of it is in the vocabulary, and means nothing to the model
      '日本語のテキスト',
      '한국어 텍스트',
      'مرحبا بالعالم',
      'Ελληνικά κείμενο',
      '😀😀😀',
      '苹果 iPhone',
    ]

    const results = await embedder.embed('bundled', foreign, 'batch')

    for (const result of results) {
      assert.ok(!(result instanceof Float32Array))
      assert.equal(result.reason, 'unrepresentable')
      assert.match(result.message, /EMBEDDING_MODEL/)
    }
  })

  test('English with a foreign word, accents, numbers, signs or emoji gets a vector', async () => {
    await using embedder = await open()
    const readable = [
      'The word 苹果 means apple in Chinese',
      'I love this 😀',
      'café, naïve, Zürich, Dvořák',
      '12345 67890',
      'π is about 3.14159',
      '{"price": 12.5, "tags": ["a"]}',
      'ﬁnance Ｆｕｌｌ',
      'Der Hund spielt im Garten',
    ]

    assert.deepEqual(
      await reasonsOf(embedder, readable),
      readable.map(() => 'vector'),
    )
  })

  test('an accent the vocabulary lacks, a tab or a line break changes nothing', async () => {
    await using embedder = await open()

    const [accented, plain, broken, spaced] = await vectors(embedder, [
      'a naïve idea',
      'a naive idea',
      'line one\n\tline two ',
      'line one line two',
    ])

    assert.ok(dot(accented, plain) > 0.9999)
    assert.ok(dot(broken, spaced) > 0.9999)
  })

  test('128 tokens are read whole, 129 are refused and never cut', async () => {
    await using embedder = await open()
    const words = (count: number) => Array.from({ length: count }, () => 'the').join(' ')

    const [cat, tax] = await vectors(embedder, [`${words(127)} cat`, `${words(127)} tax`])
    const [longer, huge, empty] = await embedder.embed(
      'bundled',
      [words(129), words(50_000), ' \n\t '],
      'batch',
    )

    assert.ok(dot(cat, tax) < 0.999)
    assert.ok(!(longer instanceof Float32Array) && longer?.reason === 'too_long')
    assert.match(longer.message, /129 tokens.*split_by.*chunk_size/)
    assert.ok(!(huge instanceof Float32Array) && huge?.reason === 'too_long')
    assert.ok(!(empty instanceof Float32Array) && empty?.reason === 'empty')
  })

  test('results stand in the order of their texts, refusals among them', async () => {
    await using embedder = await open({ NACRE_EMBEDDING_THREADS: '2' })
    const texts = Array.from({ length: 40 }, (_, i) =>
      i % 7 === 3 ? '你好' : `topic ${i} of many`,
    )

    const together = await embedder.embed('bundled', texts, 'batch')

    assert.equal(together.length, 40)
    const [first, last] = await vectors(embedder, [texts[0] ?? '', texts[39] ?? ''])
    assert.ok(dot(vectorOf(together[0]), first) > 0.99999)
    assert.ok(dot(vectorOf(together[39]), last) > 0.99999)
    assert.deepEqual(
      together.flatMap((result, i) => (result instanceof Float32Array ? [] : [i])),
      [3, 10, 17, 24, 31, 38],
    )
  })

  test('a query goes ahead of batch work that waits', async () => {
    await using embedder = await open()
    await embedder.embed('bundled', ['warm'], 'query')
    const texts = Array.from(
      { length: 160 },
      (_, i) => `sentence ${i} about the weather of the day`,
    )
    const ended: string[] = []

    const batch = embedder.embed('bundled', texts, 'batch').then(() => ended.push('batch'))
    const query = embedder.embed('bundled', ['find me'], 'query').then(() => ended.push('query'))
    await Promise.all([batch, query])

    assert.deepEqual(ended, ['query', 'batch'])
  })

  test('the same query again is the same vector, from memory', async () => {
    await using embedder = await open()

    const [first] = await embedder.embed('bundled', ['find me', 'again'], 'query')
    const [again, other] = await embedder.embed('bundled', ['find me', 'other'], 'query')

    assert.equal(again, first)
    assert.ok(other instanceof Float32Array && other !== first)
  })

  test('a query is remembered for the organization that asked it, and costs every other as much as a new one', async () => {
    await using embedder = await open()

    const [first] = await embedder.embed('bundled', ['find me'], { queryOf: 'org_a' })
    const [again] = await embedder.embed('bundled', ['find me'], { queryOf: 'org_a' })
    const [other] = await embedder.embed('bundled', ['find me'], { queryOf: 'org_b' })

    assert.equal(again, first)
    assert.notEqual(other, first)
    assert.deepEqual(other, first)
  })

  test('an aborted wait ends at once, and the model goes on', async () => {
    await using embedder = await open()
    const aborted = AbortSignal.abort(new Error('gone'))

    await assert.rejects(embedder.embed('bundled', ['x'], 'query', aborted), /gone/)

    assert.ok((await embedder.embed('bundled', ['still here'], 'query'))[0] instanceof Float32Array)
  })

  test('calls beyond the queue are refused at once, and a batch of any size is not', async () => {
    await using embedder = await open({
      NACRE_EMBEDDING_QUEUE_MAX: '1',
      NACRE_EMBEDDING_QUERY_THREADS: '0',
    })
    // What threads take that are starting does not wait.
    await embedder.embed('bundled', ['warm'], 'batch')
    const batch = embedder.embed(
      'bundled',
      Array.from({ length: 40 }, (_, i) => `text ${i}`),
      'batch',
    )
    const waiting = embedder.embed('bundled', ['one'], 'query')

    await assert.rejects(embedder.embed('bundled', ['two'], 'query'), (error) => {
      return isFailure(error, 'inference_unavailable') && /wait for it already/.test(error.message)
    })

    assert.ok((await waiting)[0] instanceof Float32Array)
    assert.equal((await batch).length, 40)
  })

  test('what runs batches gives way to all else on the machine, what runs queries beside them does not', async (t) => {
    if (process.platform !== 'linux') return t.skip('threads have no priority of their own')
    await using embedder = await open()
    const texts = Array.from({ length: 400 }, (_, i) => `text ${i}`)

    const batch = embedder.embed('bundled', texts, 'batch')
    await embedder.embed('bundled', ['a query'], 'query')
    const before = await niceThreads()
    await batch

    assert.equal(before, 1)
  })

  test('after close it refuses instead of waiting', async () => {
    const embedder = await open()
    const running = embedder.embed('bundled', ['work under way'], 'batch')
    const refused = assert.rejects(running, (error) => isFailure(error, 'inference_unavailable'))

    await embedder[Symbol.asyncDispose]()

    await refused
    await assert.rejects(embedder.embed('bundled', ['x'], 'batch'), /closed/)
  })
})

describe('an OpenAI-compatible URL', () => {
  test('dimensions come from the endpoint, model and key are sent, order is by index', async () => {
    const seen: { authorization: string | undefined; body: { model?: string; input: string[] } }[] =
      []
    await using server = await serve(async (request, response) => {
      const body = JSON.parse(await bodyOf(request))
      seen.push({ authorization: request.headers.authorization, body })
      const data = body.input.map((text: string, index: number) => ({
        index,
        embedding: [text.length, 1, 0],
      }))
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ data: data.toReversed() }))
    })
    await using embedder = await open({ EMBEDDING_API_KEY: 'secret' })
    const model = `${server.url}/v1#intfloat/multilingual-e5-small`

    const description = await embedder.describe(model)
    const results = await embedder.embed(model, ['你好', '', 'three'], 'batch')

    assert.equal(description.dimensions, 3)
    assert.equal(description.inferenceName, 'multilingual_e5_small')
    assert.deepEqual(results[0], Float32Array.of(2, 1, 0))
    assert.ok(!(results[1] instanceof Float32Array) && results[1]?.reason === 'empty')
    assert.deepEqual(results[2], Float32Array.of(5, 1, 0))
    assert.equal(seen.at(-1)?.body.model, 'intfloat/multilingual-e5-small')
    assert.equal(seen.at(-1)?.authorization, 'Bearer secret')
  })

  test('a 503 is tried again a few times and then a failure that names the endpoint', async () => {
    let calls = 0
    await using server = await serve(async (_request, response) => {
      calls += 1
      response.writeHead(503).end('busy')
    })
    await using embedder = await open()

    await assert.rejects(embedder.embed(`${server.url}/v1`, ['x'], 'query'), (error) => {
      return isFailure(error, 'inference_unavailable') && /status 503: busy/.test(error.message)
    })
    assert.equal(calls, 3)
  })

  test('a text that the endpoint refuses does not spoil its neighbours', async () => {
    await using server = await serve(async (request, response) => {
      const { input } = JSON.parse(await bodyOf(request))
      if (input.includes('long')) return response.writeHead(400).end('maximum context length is 4')
      response.end(JSON.stringify({ data: input.map(() => ({ embedding: [1, 0] })) }))
    })
    await using embedder = await open()

    const results = await embedder.embed(server.url, ['a', 'long', 'b'], 'batch')

    assert.deepEqual(results[0], Float32Array.of(1, 0))
    assert.ok(!(results[1] instanceof Float32Array) && results[1]?.reason === 'too_long')
    assert.deepEqual(results[2], Float32Array.of(1, 0))
  })

  test('a busy endpoint that recovers is asked again, and nobody hears of it', async () => {
    let calls = 0
    await using server = await serve(async (request, response) => {
      const { input } = JSON.parse(await bodyOf(request))
      calls += 1
      if (calls === 1) return response.writeHead(429).end('slow down')
      response.end(JSON.stringify({ data: input.map(() => ({ embedding: [0, 1] })) }))
    })
    await using embedder = await open()

    assert.deepEqual(await embedder.embed(server.url, ['x'], 'query'), [Float32Array.of(0, 1)])
    assert.equal(calls, 3) // refused, then the probe and the text
  })

  test('many texts go in several requests, and come back in their order', async () => {
    const sizes: number[] = []
    await using server = await serve(async (request, response) => {
      const { input }: { input: string[] } = JSON.parse(await bodyOf(request))
      sizes.push(input.length)
      const data = input.map((text, index) => ({ index, embedding: [Number(text) || 0, 1] }))
      response.end(JSON.stringify({ data }))
    })
    await using embedder = await open()

    const texts = Array.from({ length: 150 }, (_, i) => String(i + 1))
    const results = await embedder.embed(server.url, texts, 'batch')

    assert.deepEqual(
      results.map((result) => (result instanceof Float32Array ? result[0] : null)),
      texts.map(Number),
    )
    assert.deepEqual(sizes, [1, 64, 64, 22])
  })

  test('a vector of another size than before is a failure that names both, never an answer', async () => {
    let size = 3
    await using server = await serve(async (request, response) => {
      const { input } = JSON.parse(await bodyOf(request))
      const embedding = Array.from({ length: size }, () => 1)
      response.end(JSON.stringify({ data: input.map(() => ({ embedding })) }))
    })
    await using embedder = await open()
    await embedder.describe(server.url)
    size = 4

    await assert.rejects(embedder.embed(server.url, ['x'], 'query'), (error) => {
      return (
        isFailure(error, 'inference_unavailable') &&
        /a vector of 4 dimensions, and 3 before/.test(error.message)
      )
    })
  })

  test('a wrong key, fewer vectors than texts, and what is no such endpoint fail at once', async () => {
    const cases: [status: number, body: string, message: RegExp][] = [
      [401, 'who are you', /status 401: who are you/],
      [200, JSON.stringify({ data: [] }), /no vector/],
      [200, '<html>', /not that of an OpenAI-compatible/],
      [200, JSON.stringify({ data: [{ embedding: ['a'] }] }), /not that of an OpenAI-compatible/],
    ]
    for (const [status, body, message] of cases) {
      let calls = 0
      await using server = await serve(async (_request, response) => {
        calls += 1
        response.writeHead(status).end(body)
      })
      await using embedder = await open({ EMBEDDING_API_KEY: 'secret' })

      await assert.rejects(embedder.embed(server.url, ['x'], 'query'), (error) => {
        assert.ok(isFailure(error, 'inference_unavailable'))
        assert.doesNotMatch(error.message, /secret/)
        return message.test(error.message)
      })
      assert.equal(calls, 1)
    }
  })

  test('nobody listening is a failure that names the endpoint', async () => {
    const gone = await serve(async () => {})
    await gone[Symbol.asyncDispose]()
    await using embedder = await open()

    await assert.rejects(embedder.describe(gone.url), (error) => {
      return isFailure(error, 'inference_unavailable') && error.message.includes(gone.url)
    })
  })

  test('an aborted wait ends at once, without another try', async () => {
    let calls = 0
    await using server = await serve(async () => {
      calls += 1
      controller.abort(new Error('gone'))
    })
    const controller = new AbortController()
    await using embedder = await open()

    await assert.rejects(embedder.embed(server.url, ['x'], 'query', controller.signal), /gone/)
    assert.equal(calls, 1)
  })

  test('a silent endpoint is given up after the set time', async () => {
    await using server = await serve(async () => {})
    await using embedder = await open({ NACRE_EMBEDDING_TIMEOUT_MS: '100' })

    await assert.rejects(embedder.describe(server.url), /no answer in 100 ms/)
  })
})

test('hf: without its library says what to install', async () => {
  await using embedder = await open()

  await assert.rejects(embedder.describe('hf:intfloat/multilingual-e5-small'), (error) => {
    return (
      isFailure(error, 'inference_unavailable') &&
      /npm install.*@huggingface\/transformers/.test(error.message)
    )
  })
})

async function vectors(
  embedder: Embedder,
  texts: string[],
): Promise<[Float32Array, ...Float32Array[]] & Float32Array[]> {
  const results = await embedder.embed('bundled', texts, 'batch')
  return results.map(vectorOf) as [Float32Array, ...Float32Array[]]
}

function vectorOf(result: Float32Array | TextRefusal | undefined): Float32Array {
  assert.ok(result instanceof Float32Array, 'a vector')
  return result
}

function dot(a: Float32Array | undefined, b: Float32Array | undefined): number {
  assert.ok(a && b)
  return a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0)
}

async function serve(listener: (...args: Parameters<RequestListener>) => Promise<unknown>) {
  const server = createServer((request, response) => void listener(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}
