import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { noPlugins, packPlugin } from '../../../test/support/plugins.ts'
import { startTestServer, type TestServer } from '../../../test/support/server.ts'
import { lengthPlugin } from '../../../test/support/upload-plugin.ts'

const skip = await noPlugins()
const form = { 'content-type': 'multipart/form-data; boundary=xyz' }
const pieceBytes = 64 * 1024
/** Far beyond every limit, and what sockets hold on their way. */
const giveUpBytes = 64 << 20

let server: TestServer
let path: string

before(async () => {
  server = await startTestServer({ NACRE_PLUGIN_ARCHIVE_BYTES_MAX: '200000' })
  const made = await server.call('POST', '/v1/namespaces', { namespace_name: 'hostile' })
  path = `/v1/namespaces/${made.namespace_id}/plugins`
})
after(async () => {
  await server[Symbol.asyncDispose]()
})

function part(name: string, content: string, more = ''): string {
  return `--xyz\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${content}\r\n`
}

function manyParts(count: number): string {
  return Array.from({ length: count }, (_, n) => part(`field${n}`, '1')).join('')
}

const file = (content = 'no archive') => part('file', content, '; filename="a.zip"')
const claim = part('name', 'hostile') + part('version', '1.0.0')

describe('POST /v1/namespaces/{}/plugins with a body that', { skip }, () => {
  const bodies: [string, string | Buffer, number, RegExp][] = [
    ['is empty', '', 400, /ends before its last boundary/],
    ['has no parts', '--xyz--\r\n', 422, /name/],
    ['has no file', `${claim}--xyz--`, 422, /file is missing/],
    [
      'has a file that is a field',
      `${claim}${part('file', 'x')}--xyz--`,
      400,
      /no.*archive|neither/,
    ],
    ['has no name', `${file()}--xyz--`, 422, /name/],
    ['has two files', `${claim}${file()}${file()}--xyz--`, 422, /file too many/],
    [
      'has a file of another name',
      `${claim}${part('archive', 'x', '; filename="x"')}--xyz--`,
      422,
      /send one, as file/,
    ],
    [
      'names a field twice',
      `${claim}${part('name', 'other')}${file()}--xyz--`,
      422,
      /name is sent twice/,
    ],
    [
      'names what objects have',
      `${part('__proto__', '1')}${part('constructor', '1')}${claim}--xyz--`,
      422,
      /file is missing/,
    ],
    [
      'has a field of 100 kB',
      `${part('name', 'x'.repeat(100_000))}--xyz--`,
      422,
      /more than 65536 bytes/,
    ],
    ['has a NUL in a field', `${part('name', 'a\0b')}--xyz--`, 422, /UTF-8/],
    ['is no UTF-8', Buffer.from(`${part('name', 'a\xff')}--xyz--`, 'latin1'), 422, /UTF-8/],
    ['has a part without a head', '--xyz\r\n\r\nx\r\n--xyz--', 400, /a part has no name/],
    [
      'has another boundary',
      `${claim}${file()}--xyz--`.replaceAll('xyz', 'abc'),
      400,
      /ends before|first boundary/,
    ],
    ['has 1,000 parts', `${manyParts(1000)}--xyz--`, 400, /more than 32 parts/],
    [
      'is cut off in its file',
      `${claim}${file()}`.slice(0, -5),
      400,
      /ends before its last boundary/,
    ],
    [
      'has an archive that is none',
      `${claim}${file()}--xyz--`,
      400,
      /neither a \.zip nor a \.tar\.gz/,
    ],
  ]
  for (const [what, body, status, message] of bodies) {
    test(`${what} is ${status}, and nothing of it stays`, async () => {
      const response = await server.fetch(path, {
        method: 'POST',
        headers: form,
        body: Buffer.from(body),
      })

      const answer = await response.text()
      assert.equal(response.status, status, answer)
      assert.match(answer, message)
      await nothingStays()
    })
  }

  const types = [
    'multipart/form-data',
    'multipart/form-data; boundary=',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
    'multipart/mixed; boundary=xyz',
    'text/plain',
  ]
  for (const type of types) {
    test(`is of type ${type.slice(0, 40)} is 415`, async () => {
      const body = Buffer.from(`${claim}${file()}--xyz--`)
      const response = await server.fetch(path, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      })

      assert.equal(response.status, 415)
    })
  }

  const endless: [string, string, string, number, RegExp][] = [
    ['never comes to a boundary', '', 'x', 400, /no boundary within/],
    ['has a head that never ends', '--xyz\r\nX: ', 'x', 400, /more than 16384 bytes/],
    [
      'has a field that never ends',
      part('name', '').slice(0, -2),
      'x',
      422,
      /more than 65536 bytes/,
    ],
    [
      'has a file that never ends',
      claim + file('').slice(0, -2),
      'x',
      413,
      /larger than 200000 bytes/,
    ],
    ['goes on after its last boundary', `${claim}${file()}--xyz--\r\n`, 'x', 400, /neither/],
    [
      'has a file of boundaries that are none',
      claim + file('').slice(0, -2),
      '\r\n--xy\r\n--x',
      413,
      /200000/,
    ],
  ]
  for (const [what, start, piece, status, message] of endless) {
    test(`${what} is ${status} before it ends`, async () => {
      const before = process.memoryUsage().rss

      const { response, sentBytes } = await pour(start, piece)

      assert.equal(response.statusCode, status)
      assert.match(await text(response), message)
      assert.ok(sentBytes < giveUpBytes, `${sentBytes} bytes were taken`)
      assert.ok(process.memoryUsage().rss - before < 128 << 20)
      await nothingStays()
    })
  }

  test('stops coming amid its file leaves nothing, and the server goes on', async () => {
    const sending = send()
    sending.write(claim + file('x'.repeat(1000)).slice(0, -2))
    await delayUntil(async () => (await unfinished()).length > 0)

    sending.destroy()

    await delayUntil(async () => (await unfinished()).length === 0)
    await nothingStays()
    assert.equal((await server.fetch('/v1/health')).status, 200)
  })

  test('comes a byte at a time is taken as any other', async () => {
    const archive = packPlugin(lengthPlugin('slowly'))
    const start = part('name', 'slowly') + part('version', '1.0.0') + file('').slice(0, -2)
    const body = Buffer.concat([Buffer.from(start), archive, Buffer.from('\r\n--xyz--\r\n')])
    const sending = send()
    for (const byte of body) {
      if (!sending.write(Buffer.of(byte))) await once(sending, 'drain')
    }
    sending.end()

    const [response] = (await once(sending, 'response')) as [IncomingMessage]

    assert.equal(response.statusCode, 200)
    assert.match(await text(response), /"validation_status":"passed"/)
  })
})

describe('PUT to a signed URL with a body that', { skip }, () => {
  test('never ends is 413 before it ends, and the URL still takes an archive', async () => {
    const url = await signedUrl('endless')

    const { response, sentBytes } = await pour('', 'x', { method: 'PUT', url })
    const retried = await fetch(url, { method: 'PUT', body: packPlugin(lengthPlugin('endless')) })

    assert.equal(response.statusCode, 413)
    assert.ok(sentBytes < giveUpBytes)
    assert.equal(retried.status, 200)
    assert.deepEqual(await unfinished(), [])
  })

  test('stops coming leaves nothing, and the URL still takes an archive', async () => {
    const url = await signedUrl('stopped')
    const sending = send({ method: 'PUT', url })
    sending.write('x'.repeat(1000))
    await delayUntil(async () => (await unfinished()).length > 0)
    sending.destroy()
    await delayUntil(async () => (await unfinished()).length === 0)

    const retried = await fetch(url, { method: 'PUT', body: packPlugin(lengthPlugin('stopped')) })

    assert.equal(retried.status, 200)
  })

  test('is empty is 400', async () => {
    const response = await fetch(await signedUrl('empty'), { method: 'PUT' })

    assert.equal(response.status, 400)
  })
})

interface Target {
  method: string
  url: string
}

function send(target: Partial<Target> = {}): ClientRequest {
  const { method = 'POST', url = server.url + path } = target
  const headers = { authorization: `Bearer ${server.key}`, ...form, 'transfer-encoding': 'chunked' }
  const sending = request(url, { method, headers })
  // The server ends the connection of a body that it does not want to see the end of.
  sending.on('error', () => {})
  return sending
}

/** Sends without end until there is an answer. */
async function pour(start: string, piece: string, target?: Target) {
  const sending = send(target)
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>
  let isAnswered = false
  void answered.then(() => (isAnswered = true))
  const chunk = Buffer.from(piece.repeat(Math.ceil(pieceBytes / piece.length)))
  let sentBytes = sending.write(start || piece) ? start.length : 0
  while (!isAnswered && sentBytes < giveUpBytes) {
    sentBytes += chunk.length
    if (!sending.write(chunk)) await Promise.race([once(sending, 'drain'), answered])
  }
  if (!isAnswered) sending.destroy()
  const [response] = await answered
  return { response, sentBytes }
}

async function signedUrl(name: string): Promise<string> {
  const upload = await server.call('POST', `${path}/uploads`, { name, version: '1.0.0' })
  return upload.presigned_url
}

async function nothingStays(): Promise<void> {
  assert.deepEqual(await unfinished(), [])
  const { plugins } = await server.call('GET', path)
  assert.deepEqual(
    plugins.filter((one: { name: string }) => one.name === 'hostile'),
    [],
  )
}

async function unfinished(): Promise<string[]> {
  const all = await readdir(server.folder, { recursive: true, withFileTypes: true })
  return all
    .filter((one) => one.isFile() && one.parentPath.endsWith('incoming'))
    .map((one) => join(one.parentPath, one.name))
}

async function delayUntil(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await isSo())) {
    assert.ok(Date.now() < end, 'waited too long')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
