import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFailure } from '../domain/failure.ts'
import { readForm, readParts } from './multipart.ts'

const headers = new Headers({ 'content-type': 'multipart/form-data; boundary=xyz' })

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function formOf(text: string, size = 5) {
  return readForm(inChunks(Buffer.from(text), size), headers, 'file', bytesOf)
}

function part(name: string, content: string, filename?: string): string {
  const file = filename === undefined ? '' : `; filename="${filename}"`
  return `--xyz\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`
}

test('a form gives its fields and its file, whatever the chunks it comes in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ maxLength: 40, unit: 'grapheme' }).filter((text) => !text.includes('\u0000')),
      fc.integer({ min: 1, max: 64 }),
      async (file, name, size) => {
        const form = new FormData()
        form.set('name', name)
        form.set('file', new Blob([Buffer.from(file)]), 'a.zip')
        form.set('version', '1.0.0')
        const sent = new Response(form)
        const body = Buffer.from(await sent.arrayBuffer())
        const read = await readForm(inChunks(body, size), sent.headers, 'file', bytesOf)

        assert.deepEqual(read.file, Buffer.from(file))
        // A form turns every line end into CRLF (HTML standard).
        const sentName = name.replaceAll(/\r\n|\r|\n/g, '\r\n')
        assert.deepEqual(read.fields, { name: sentName, version: '1.0.0' })
      },
    ),
    { numRuns: 200 },
  )
})

test('a content may hold what looks like the start of a boundary', async () => {
  const { file } = await formOf(`${part('file', 'a\r\n--xy\r\n-xyz\r\r\n--', 'a')}--xyz--`, 1)
  assert.equal(file?.toString(), 'a\r\n--xy\r\n-xyz\r\r\n--')
})

test('what nobody reads of a part is passed over', async () => {
  const body = Buffer.from(`${part('a', 'x'.repeat(1000))}${part('b', 'y')}--xyz--\r\n`)
  const names: string[] = []
  for await (const { name, content } of readParts(inChunks(body, 64), headers)) {
    names.push(name)
    for await (const chunk of content) {
      assert.ok(chunk.length > 0)
      break
    }
  }
  assert.deepEqual(names, ['a', 'b'])
})

test('a text before the first boundary, and one after the last, are no parts', async () => {
  const { fields } = await formOf(`hello\r\n${part('a', '1')}--xyz--\r\nbye`)
  assert.deepEqual(fields, { a: '1' })
})

function parts(count: number): string {
  return Array.from({ length: count }, (_, n) => part(`a${n}`, '1')).join('')
}

const wrong: [string, string, string][] = [
  ['a body that ends in a part', part('a', '1').slice(0, -4), 'ends before its last boundary'],
  ['a body without its last boundary', part('a', '1'), 'ends before its last boundary'],
  ['a text without end before it', 'x'.repeat(17_000), 'no boundary within 16384 bytes'],
  ['an empty body', '', 'ends before its last boundary'],
  ['another boundary', part('a', '1').replaceAll('xyz', 'abc'), 'ends before its last boundary'],
  ['a part without a name', '--xyz\r\nContent-Type: text/plain\r\n\r\n1\r\n--xyz--', 'no name'],
  ['too many parts', `${parts(33)}--xyz--`, 'more than 32 parts'],
  ['a head without end', `--xyz\r\n${'a'.repeat(17_000)}`, 'more than 16384 bytes'],
]
for (const [what, body, message] of wrong) {
  test(`${what} is a bad request`, async () => {
    await assert.rejects(formOf(body, 100), (error) => {
      assert.ok(isFailure(error, 'bad_request'))
      assert.match(error.message, new RegExp(message))
      return true
    })
  })
}

test('a second file or field of one name, a field too long and one that is no text are named', async () => {
  const bodies: [string | Buffer, string][] = [
    [part('file', '1', 'a') + part('file', '2', 'b'), 'file'],
    [part('other', '1', 'a'), 'other'],
    [part('name', '1') + part('name', '1'), 'name'],
    [part('name', 'x'.repeat(70_000)), 'name'],
    [part('name', 'a\u0000b'), 'name'],
    [Buffer.from(part('name', '\u00ff'), 'latin1'), 'name'],
  ]
  for (const [body, name] of bodies) {
    const whole = Buffer.concat([Buffer.from(body), Buffer.from('--xyz--')])
    await assert.rejects(readForm(inChunks(whole, 999), headers, 'file', bytesOf), (error) => {
      assert.ok(isFailure(error, 'request_invalid'))
      assert.deepEqual(error.detail.faults[0]?.location, ['body', name])
      return true
    })
  }
})

test('another content type is refused by its name', async () => {
  const tooLong = `multipart/form-data; boundary=${'x'.repeat(71)}`
  for (const given of [
    'application/json',
    'multipart/form-data',
    'multipart/mixed; boundary=a',
    tooLong,
  ]) {
    const other = new Headers({ 'content-type': given })
    await assert.rejects(readForm(inChunks(Buffer.from(''), 1), other, 'file', bytesOf), (error) =>
      isFailure(error, 'media_type_unsupported'),
    )
  }
})
