import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExtractedRow } from '../../ports/extractor-runtime.ts'
import { joinRows } from './join-rows.ts'

const vector = Float32Array.of(1, 0)
const written = (fields: Record<string, unknown>, position: number[] = []): ExtractedRow => ({
  key: 'row',
  documents: [{ position, fields, vectors: { v: vector } }],
  warnings: ['told'],
})
const skipped: ExtractedRow = { key: 'row', skipped: 'null vector', warnings: [] }
const failed: ExtractedRow = { key: 'row', failure: { type: 'runtime', message: 'it broke' } }
const join = (...answers: (ExtractedRow | undefined)[]) =>
  joinRows(
    'obj_1',
    answers.map((answer, i) => ({ position: answers.length > 1 ? ['photo', i] : [], answer })),
    'It has no text.',
  )

test('a source of one row is what became of that row, under its own key', () => {
  const documents = [{ position: [3], fields: { a: 1 }, vectors: { v: vector } }]
  assert.deepEqual(join(written({ a: 1 }, [3])), { key: 'obj_1', documents, warnings: ['told'] })
  assert.deepEqual(join(skipped), { key: 'obj_1', skipped: 'null vector', warnings: [] })
  const failure = { type: 'runtime', message: 'it broke' }
  assert.deepEqual(join(failed), { key: 'obj_1', failure })
})

test('documents of several rows of a source never share a place, and a row passed over is told', () => {
  const answer = join(written({ a: 1 }), skipped, written({ a: 2 }, [0]))

  assert.ok('documents' in answer)
  const positions = answer.documents.map(({ position }) => position)
  assert.deepEqual(positions, [
    ['photo', 0],
    ['photo', 2, 0],
  ])
  assert.deepEqual(answer.warnings, ['told', 'told', 'photo: null vector'])
})

test('a source with a row that failed or was not answered has failed, whatever became of the others', () => {
  const broken = join(written({}), failed)
  const lost = join(written({}), undefined)

  assert.deepEqual('failure' in broken && broken.failure.message, 'photo: it broke')
  assert.deepEqual('failure' in lost && lost.failure.message, 'photo: no answer for it')
})

test('a source with nothing for the plugin has failed for a reason that can be put right', () => {
  const failure = { type: 'validation', message: 'It has no text.' }
  assert.deepEqual(join(), { key: 'obj_1', failure })
})
