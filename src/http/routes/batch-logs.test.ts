import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addKey } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'

let films: Films
let reader: string
const logs = 'GET /v1/buckets/{}/batches/{}/logs'

before(async () => {
  films = await openFilms()
  reader = await addKey(films.server, 'read')
  const bucket_schema = { properties: { plot: { type: 'string' } } }
  await films.made('POST /v1/buckets', [], { bucket_name: 'plots', bucket_schema })
  await films.made('POST /v1/collections', [], {
    collection_name: 'plots',
    source: { type: 'bucket', bucket_id: 'plots' },
    feature_extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      input_mappings: { text: 'plot' },
    },
  })
})
after(async () => {
  await films[Symbol.asyncDispose]()
})

test('200 with what became of each source, why one failed, and how the batch ended', async () => {
  const ids: string[] = []
  for (const fields of [{ plot: 'A man sells fish.' }, { plot: 'A storm comes.' }, {}]) {
    const made = await films.made('POST /v1/buckets/{}/objects', ['plots'], fields)
    ids.push(made.object_id)
  }
  const draft = await films.made('POST /v1/buckets/{}/batches', ['plots'], { object_ids: ids })
  const before = await films.made(logs, ['plots', draft.batch_id])
  const task = await films.made('POST /v1/buckets/{}/batches/{}/submit', ['plots', draft.batch_id])
  await films.ended(task.task_id)

  const { status, answer } = await films.ask(logs, { path: ['plots', draft.batch_id], as: reader })

  assert.equal(before.logs.length, 1)
  assert.equal(status, 200)
  const told = answer.logs.map(({ message }: { message: string }) => message)
  assert.match(told[1], /^Submitted as task/)
  assert.match(told.at(-1), /^Ended as COMPLETED_WITH_ERRORS/)
  const byState = new Map(
    answer.logs.map((line: { state?: string; rows?: number }) => [line.state, line]),
  ) as Map<string | undefined, { rows: number; message: string; level: string }>
  assert.equal(byState.get('written')?.rows, 2)
  assert.match(byState.get('written')?.message ?? '', /2 sources, .* written as 2 documents/)
  const lost = byState.get('failed') ?? byState.get('skipped')
  assert.ok(lost?.message.startsWith(ids[2] ?? '?'), JSON.stringify(answer.logs))
  assert.equal(answer.complete, true)
})

test('with tier_num only the lines of that tier; 422 for no number, 404 for a foreign batch', async () => {
  const { results } = await films.made('POST /v1/buckets/{}/batches/list', ['plots'], {})
  const path = ['plots', results[0].batch_id]

  const { answer } = await films.ask(logs, { path, query: '?tier_num=0' })
  assert.ok(answer.logs.length > 0)
  assert.ok(answer.logs.every(({ tier_num: tier }: { tier_num: number }) => tier === 0))
  assert.deepEqual((await films.ask(logs, { path, query: '?tier_num=7' })).answer.logs, [])
  assert.equal((await films.ask(logs, { path, query: '?tier_num=x' })).status, 422)
  assert.equal((await films.ask(logs, { path, namespace: 'other' })).status, 404)
})
