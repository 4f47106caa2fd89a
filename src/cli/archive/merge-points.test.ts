import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { mergePoints, PointsDiffer } from './merge-points.ts'

let folder: string
let made = 0

describe('mergePoints()', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nacre-merge-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  test('what is listed stands in the order of ids, each as the latest reading has it; what is not is gone', async () => {
    const ids = await file([
      [
        ['a', '1'],
        ['b', '2'],
      ],
      [['d', '2']],
    ])
    const first = await file([point('a', '1'), point('b', '1'), point('c', '1')])
    const second = await file([point('b', '2'), point('d', '2')])

    assert.deepEqual(await merged(ids, [first, second]), [
      point('a', '1'),
      point('b', '2'),
      point('d', '2'),
    ])
  })

  test('a document that no reading has as the server has it is told, with since when it is missing', async () => {
    const ids = await file([
      [
        ['a', '3'],
        ['b', '2'],
        ['c', '9'],
      ],
    ])
    const reading = await file([point('a', '1'), point('c', '9')])

    await assert.rejects(
      merged(ids, [reading]),
      (error: unknown) => error instanceof PointsDiffer && error.since === '2',
    )
  })

  test('documents without a time, and no documents at all', async () => {
    const empty = await file([])
    const timeless = point('a', null)

    assert.deepEqual(await merged(await file([[['a', null]]]), [empty, await file([timeless])]), [
      timeless,
    ])
    assert.deepEqual(await merged(empty, [empty]), [])
  })
})

function point(id: string, updated_at: string | null) {
  return { id, updated_at, payload: { title: `"id":"${id}"` }, vectors: {} }
}

async function file(lines: unknown[]): Promise<string> {
  const path = join(folder, `${made++}.ndjson`)
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return path
}

async function merged(ids: string, readings: string[]): Promise<unknown[]> {
  const path = join(folder, `${made++}.ndjson`)
  const count = await mergePoints(ids, readings, path)
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '')
  assert.equal(lines.length, count)
  return lines.map((line) => JSON.parse(line))
}
