import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { BadFrame, FrameReader } from './frame-reader.ts'

const bytesMax = 1 << 20

describe('FrameReader', () => {
  test('reads every answer, however its bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { minLength: 1 }),
        fc.infiniteStream(fc.nat(40)),
        (values, cuts) => {
          const reader = new FrameReader(bytesMax)

          const read = values.map((value) => feed(reader, frame({ value }), cuts))

          assert.deepEqual(
            read,
            values.map((value) => ({ value: JSON.parse(JSON.stringify(value)) })),
          )
        },
      ),
    )
  })

  test('any other bytes are a BadFrame or wait for more, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          new FrameReader(bytesMax).push(Buffer.from(bytes))
        } catch (error) {
          assert.ok(error instanceof BadFrame)
        }
      }),
    )
  })

  for (const [name, bytes, message] of [
    [
      'more bytes than allowed',
      Buffer.from([0x7f, 0xff, 0xff, 0xff]),
      /has 2147483647 bytes, at most 1048576/,
    ],
    ['no bytes', Buffer.from([0, 0, 0, 0]), /is empty/],
    ['bytes after its end', Buffer.concat([frame({}), Buffer.from('x')]), /more than its answer/],
    ['half a million values', frame(Array(500_002).fill(1)), /more than 500000 values/],
    ['a deep nesting', framed('['.repeat(300) + ']'.repeat(300)), /nested more than 200 deep/],
    ['what is no JSON', framed('{"id": NaN}'), /is not JSON/],
  ] as const) {
    test(`${name}: refused before anything is made of it`, () => {
      assert.throws(() => new FrameReader(bytesMax).push(bytes), message)
    })
  }

  test('brackets and commas within texts are no values', () => {
    const value = ['[{,'.repeat(200_000), '\\"'.repeat(1_000), ',']

    assert.deepEqual(new FrameReader(bytesMax).push(frame(value)), value)
  })
})

function feed(reader: FrameReader, bytes: Buffer, cuts: Iterator<number>): unknown {
  let read: unknown = null
  for (let at = 0; at < bytes.length;) {
    const length = 1 + Number(cuts.next().value)
    assert.equal(read, null, 'answered before the end')
    read = reader.push(bytes.subarray(at, at + length))
    at += length
  }
  return read
}

function frame(value: unknown): Buffer {
  return framed(JSON.stringify(value))
}

function framed(text: string): Buffer {
  const body = Buffer.from(text)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}
