import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import type { BlobStore } from './blob-store.ts'

/** What every BlobStore promises. Each adapter's test file calls this once; `open` gives an empty store. */
export function blobStoreContract(name: string, open: () => Promise<BlobStore>): void {
  describe(`${name} keeps the BlobStore contract`, () => {
    test('put() answers the SHA-256 and the size; read() and open() give the same bytes back', async () => {
      await using store = await open()
      const content = Buffer.from('films are made of light')

      const { hash, sizeBytes } = await store.put(content)

      assert.equal(hash, sha256(content))
      assert.equal(sizeBytes, content.length)
      assert.deepEqual(Buffer.from((await store.read(hash)) ?? []), content)
      assert.deepEqual(await collect(await store.open(hash)), content)
    })

    test('put() takes a stream of any number of chunks, none included', async () => {
      await using store = await open()
      const big = Buffer.alloc(1_000_003, 'abcdefg')

      const streamed = await store.put(chunksOf(big, 65_537))
      const empty = await store.put(chunksOf(Buffer.alloc(0), 1))

      assert.deepEqual(streamed, { hash: sha256(big), sizeBytes: big.length })
      assert.deepEqual(await collect(await store.open(streamed.hash)), big)
      assert.deepEqual(empty, { hash: sha256(Buffer.alloc(0)), sizeBytes: 0 })
      assert.deepEqual(Buffer.from((await store.read(empty.hash)) ?? [1]), Buffer.alloc(0))
    })

    test('the same bytes twice, also at the same time, are one blob', async () => {
      await using store = await open()
      const content = Buffer.from('twice')

      const stored = await Promise.all([store.put(content), store.put(content), store.put(content)])

      assert.deepEqual(new Set(stored.map(({ hash }) => hash)), new Set([sha256(content)]))
      await store.delete(sha256(content))
      assert.equal(await store.has(sha256(content)), false)
    })

    test('what is absent is null, and deleting it is fine', async () => {
      await using store = await open()

      for (const hash of [sha256(Buffer.from('absent')), 'no hash', '../../etc/passwd', '']) {
        assert.equal(await store.read(hash), null)
        assert.equal(await store.open(hash), null)
        assert.equal(await store.has(hash), false)
        await store.delete(hash)
      }
    })

    test('a stream that fails half-way stores nothing, and put() throws its error', async () => {
      await using store = await open()
      const content = Buffer.from('half')

      await assert.rejects(store.put(failing(content)), /the line went dead/)

      assert.equal(await store.has(sha256(content)), false)
    })

    test('an aborted put() stores nothing', async () => {
      await using store = await open()
      const content = Buffer.from('late')

      await assert.rejects(store.put(content, AbortSignal.abort(new Error('gone'))), /gone/)

      assert.equal(await store.has(sha256(content)), false)
    })

    test('a stream of open() may be left before its end', async () => {
      await using store = await open()
      const { hash } = await store.put(Buffer.alloc(3_000_000, 'x'))

      for await (const chunk of (await store.open(hash)) ?? []) {
        assert.ok(chunk.length > 0)
        break
      }

      await store.delete(hash)
      assert.equal(await store.has(hash), false)
    })

    test('ping() answers', async () => {
      await using store = await open()

      await store.ping()
    })
  })
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

async function* chunksOf(content: Uint8Array, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += sizeBytes) yield content.subarray(at, at + sizeBytes)
}

async function* failing(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content
  throw new Error('the line went dead')
}

async function collect(chunks: AsyncIterable<Uint8Array> | null): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks ?? []))
}
