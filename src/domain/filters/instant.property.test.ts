import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { fillEngine, openReadPorts } from '../../../test/support/engine-place.ts'
import { collectionOf } from '../namespaces/namespace.ts'
import type { ReadPorts } from '../documents/read.ts'
import { instantOf, instantText, isInstant, momentOf } from './instant.ts'

const digits = (most: number) =>
  fc.oneof(
    fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, '0')),
    fc.integer({ min: 0, max: most + 2 }).map(String),
  )
const year = fc.constantFrom(
  '2024',
  '2023',
  '1969',
  '0001',
  '24',
  '+2024',
  '-0005',
  '12024',
  '+12024',
  '',
)
const gap = fc.constantFrom('', '', '', '', '', ' ', '  ', '\t', '\u0085', '\u3000', '\ufeff')
const between = fc.constantFrom('T', 'T', ' ', ' ', 't', '', '  ', ' T')
const fraction = fc.constantFrom('', '', '.5', '.123456', '.1234567891', '.', ',5')
const zone = fc.constantFrom(
  '',
  '',
  'Z',
  'z',
  '+02:00',
  '-0130',
  '+02',
  '+2',
  '\u221205:00',
  ' +02:00',
  '+02 : 00',
  '+02:',
  '+24:00',
  '+01:60',
  ' Z',
  'UTC',
  'Z ',
)
const date = fc
  .tuple(year, gap, digits(12), gap, digits(31))
  .map(([y, a, m, b, d]) => `${y}-${a}${m}-${b}${d}`)
const time = fc.oneof(
  fc
    .tuple(gap, digits(23), digits(59), gap, digits(60), fraction)
    .map(([a, h, m, b, s, f]) => `${a}${h}:${m}:${b}${s}${f}`),
  fc.tuple(gap, digits(23), digits(59)).map(([a, h, m]) => `${a}${h}:${m}`),
  fc.constant(''),
)
const text = fc.tuple(gap, date, between, time, zone).map((parts) => parts.join(''))

describe('momentOf() takes for dates what the engine does', () => {
  let ports: ReadPorts & AsyncDisposable

  before(async () => {
    ports = await openReadPorts()
  })
  after(async () => await ports[Symbol.asyncDispose]())

  test('with and without an index, to the microsecond', async () => {
    const { vectors } = ports
    const { namespace } = await fillEngine(ports, [], [])
    const collection = collectionOf(namespace)
    for (const isIndexed of [false, true]) {
      if (isIndexed) await vectors.createPayloadIndex(collection, 'd', { type: 'datetime' })
      await fc.assert(
        fc.asyncProperty(fc.array(text, { minLength: 100, maxLength: 100 }), async (texts) => {
          const points = texts.map((d) => ({ id: randomUUID(), payload: { d }, vectors: {} }))
          await vectors.write(collection, { kind: 'upsert', points })
          const of = { has_id: points.map(({ id }) => id) }
          const all = { key: 'd', range: { gte: '0000-01-01T00:00:00Z' } }
          const before = { key: 'd', range: { lt: '0000-01-01T00:00:00Z' } }
          const filter = { must: [of, { should: [all, before] }] }
          const scroll = { filter, limit: 100, with_payload: false }
          const { points: found } = await vectors.scroll(collection, scroll)
          const dates = new Set(found.map(({ id }) => id))
          for (const { id, payload } of points) {
            const moment = momentOf(payload.d)
            assert.equal(dates.has(id), moment !== null, JSON.stringify(payload.d))
            // An index takes a leap second for the next minute: no such value counts as held.
            if (moment === null || (moment.isLeap && isIndexed)) continue
            const bound = instantText(moment.microseconds)
            const next = instantText(moment.microseconds + 1n)
            const range = moment.isLeap ? { gt: bound, lt: next } : { gte: bound, lte: bound }
            const same = { must: [{ has_id: [id] }, { key: 'd', range }] }
            const count = await vectors.count(collection, { filter: same, exact: true })
            assert.equal(count, 1, `${JSON.stringify(payload.d)} is ${bound}`)
          }
        }),
        { numRuns: Number(process.env['NACRE_PROPERTY_RUNS'] ?? 20) },
      )
    }
  })
})

describe('isInstant()', () => {
  test('is true of what has an instant, for every day and hour there may be and some there are not', () => {
    const two = (n: number) => String(n).padStart(2, '0')
    for (const year of ['2023', '2024', '1900', '0000'])
      for (let month = 0; month <= 13; month++)
        for (let day = 0; day <= 32; day++) agree(`${year}-${two(month)}-${two(day)}T10:00:00Z`)
    for (let hour = 0; hour <= 25; hour++)
      for (const minute of [0, 59, 60]) agree(`2024-05-06T${two(hour)}:${two(minute)}:00Z`)
    for (const rest of ['59Z', '60Z', '61Z', '00.5Z', '00.Z', '00z', '00+01:00', '00', '00Z '])
      agree(`2024-05-06T10:00:${rest}`)
  })

  test('is true of what has an instant, in every form', () => {
    fc.assert(fc.property(text, agree), { numRuns: 2_000 })
  })
})

function agree(text: string): void {
  assert.equal(isInstant(text), instantOf(text) !== null, text)
}
