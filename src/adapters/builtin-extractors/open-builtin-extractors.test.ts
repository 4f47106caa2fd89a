import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { readConfig } from '../../config.ts'
import { textExtractor, textVectorName } from '../../domain/extractors/text-extractor.ts'
import type { ExtractedRow } from '../../ports/extractor-runtime.ts'
import type { Logger } from '../../ports/logger.ts'
import { openEmbedder } from '../embedding/open-embedder.ts'
import { openBuiltinExtractors } from './open-builtin-extractors.ts'

const log: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }
const config = readConfig({ NACRE_EMBEDDING_THREADS: '1', NACRE_CHUNKS_PER_OBJECT_MAX: '20' })
const embedder = await openEmbedder({ config, log })
after(() => embedder[Symbol.asyncDispose]())
const runtime = openBuiltinExtractors({ embedder, config })

async function extract(
  texts: unknown[],
  given: Record<string, unknown> = {},
): Promise<ExtractedRow[]> {
  const { parameters } = textExtractor.parseParameters(given, [])
  const rows = texts.map((text, i) => ({ key: `row${i}`, inputs: { text } }))
  return await runtime.extract({
    extractorId: textExtractor.id,
    parameters,
    model: 'bundled',
    rows,
  })
}

function documentsOf(row: ExtractedRow | undefined) {
  assert.ok(row && 'documents' in row, row && 'failure' in row ? row.failure.message : 'no row')
  return row.documents
}

function failureOf(row: ExtractedRow | undefined): string {
  assert.ok(row && 'failure' in row)
  return row.failure.message
}

test('a text without split_by is one document with its vector', async () => {
  const [row] = await extract(['A short text about cats.'])

  const [document, ...others] = documentsOf(row)
  assert.equal(others.length, 0)
  assert.deepEqual(document?.position, [0])
  assert.deepEqual(document.fields, {
    text: 'A short text about cats.',
    chunk_index: 0,
    total_chunks: 1,
    chunk_start: 0,
    chunk_end: 24,
  })
  assert.equal(document.vectors['text_extractor_v1_embedding']?.length, 512)
})

test('split_by makes a document a chunk, numbered', async () => {
  const [row] = await extract(['One two three. Four five six. Seven eight nine.'], {
    split_by: 'sentences',
    chunk_size: 1,
  })

  assert.deepEqual(
    documentsOf(row).map(({ fields }) => [
      fields['chunk_index'],
      fields['total_chunks'],
      fields['text'],
    ]),
    [
      [0, 3, 'One two three.'],
      [1, 3, 'Four five six.'],
      [2, 3, 'Seven eight nine.'],
    ],
  )
})

test('a bad row fails with its reason, and its neighbours are extracted', async () => {
  const rows = await extract(['fine', '我喜欢吃苹果', '', null, { a: 1 }, 'fine too'])

  assert.deepEqual(
    rows.map((row) => ('documents' in row ? row.key : 'failed')),
    ['row0', 'failed', 'failed', 'failed', 'failed', 'row5'],
  )
  assert.match(failureOf(rows[1]), /EMBEDDING_MODEL/)
  assert.match(failureOf(rows[2]), /empty/)
  assert.match(failureOf(rows[3]), /is missing; input_mappings/)
})

test('a text longer than the model reads is read in parts, never cut: one document of all, or one each where split_by says so', async () => {
  const sentence = 'The quick brown fox jumps over the lazy dog near the river. '
  const long = sentence.repeat(30).trim()

  const other = 'Income tax is due in April and must be paid to the state. '
  const [whole, mixed] = await extract([long, `${sentence.repeat(20)}${other.repeat(10)}`])
  const [short, tax] = await extract([sentence, other])
  const [split] = await extract([long], { split_by: 'sentences' })

  assert.equal(documentsOf(whole).length, 1)
  assert.equal(documentsOf(whole)[0]?.fields['text'], long)
  assert.ok(whole && 'warnings' in whole)
  assert.match(whole.warnings[0] ?? '', /split_by/)
  assert.ok(likeness(vectorOf(whole), vectorOf(short)) > 0.7)
  // The end of a long text counts: its vector is nearer to what only the end speaks of.
  assert.ok(likeness(vectorOf(mixed), vectorOf(tax)) > likeness(vectorOf(whole), vectorOf(tax)))
  const documents = documentsOf(split)
  assert.ok(documents.length > 2)
  assert.equal(documents.map(({ fields }) => fields['text']).join(' '), long)
  assert.deepEqual(
    documents.map(({ position }) => position),
    documents.map((_, i) => [i]),
  )
  assert.ok(split && 'warnings' in split)
  assert.match(split.warnings[0] ?? '', /split further/)
})

test('more chunks than allowed are a failure that names the setting', async () => {
  const [row] = await extract(['a b c d e f g h i j k l m n o p q r s t u v w'], {
    split_by: 'words',
    chunk_size: 1,
  })

  assert.match(failureOf(row), /NACRE_CHUNKS_PER_OBJECT_MAX/)
})

test('passthrough_extractor_v1 makes one document of its inputs, without vectors', async () => {
  const rows = await runtime.extract({
    extractorId: 'passthrough_extractor_v1',
    parameters: {},
    model: 'bundled',
    rows: [{ key: 'a', inputs: { content: { any: 1 }, absent: null } }],
  })

  assert.deepEqual(rows, [
    {
      key: 'a',
      documents: [{ position: [], fields: { content: { any: 1 } }, vectors: {} }],
      warnings: [],
    },
  ])
})

function vectorOf(row: ExtractedRow | undefined): Float32Array {
  const vector = documentsOf(row)[0]?.vectors[textVectorName]
  assert.ok(vector instanceof Float32Array)
  return vector
}

function likeness(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
}
