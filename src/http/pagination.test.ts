import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../config.ts'
import { isFailure } from '../domain/failure.ts'
import { parseWith } from './faults.ts'
import { listRequest, pageBody, pageQuery, paginationAnswer } from './pagination.ts'

const config = readConfig({})

function ask(query: Record<string, unknown>, body: Record<string, unknown>, limit = 10) {
  return listRequest(parseWith(pageQuery, query, 'query'), parseWith(pageBody, body, 'body'), {
    limit,
    config,
  })
}

test('listRequest() takes the query before the body and limit before page_size', () => {
  assert.equal(ask({ limit: '5' }, { limit: 7 }).page.limit, 5)
  assert.equal(ask({}, { limit: 7, page_size: 9 }).page.limit, 7)
  assert.equal(ask({}, {}).page.limit, 10)
  assert.equal(ask({ include_total: 'True' }, {}).page.includeTotal, true)
  assert.equal(ask({}, { include_total: true, limit: null }).page.includeTotal, true)
})

test('listRequest() turns page and page_size into an offset', () => {
  assert.deepEqual(ask({ page: '3', page_size: '20' }, {}).page, {
    limit: 20,
    offset: 40,
    cursor: null,
    includeTotal: false,
  })
  assert.equal(ask({}, { page_number: 2 }).page.offset, 10)
})

test('listRequest() lets a cursor win over an offset', () => {
  const { page } = ask({ offset: '30' }, { cursor: 'abc' })

  assert.equal(page.cursor, 'abc')
  assert.equal(page.offset, 0)
})

test('listRequest() refuses pages out of bounds, naming them', () => {
  const wrong: [Record<string, unknown>, Record<string, unknown>, string[]][] = [
    [{ limit: '0' }, {}, ['query', 'limit']],
    [{ limit: '1001' }, {}, ['query', 'limit']],
    [{ limit: 'x' }, {}, ['query', 'limit']],
    [{ offset: '10001' }, {}, ['query', 'offset']],
    [{ page: '1002', page_size: '10' }, {}, ['query', 'page']],
    [{}, { limit: 1.5 }, ['body', 'limit']],
    [{}, { limit: '5' }, ['body', 'limit']],
    [{}, { offset: -1 }, ['body', 'offset']],
  ]
  for (const [query, body, location] of wrong) {
    assert.throws(
      () => ask(query, body),
      (e) =>
        isFailure(e, 'request_invalid') && e.detail.faults[0]?.location.join() === location.join(),
      location.join(),
    )
  }
})

test('listRequest() reads every form of sort', () => {
  const both = [{ field: 'created_at', direction: 'desc' }]

  assert.deepEqual(ask({}, { sort: { field: 'created_at', direction: 'desc' } }).sort, both)
  assert.deepEqual(ask({}, { sort: [{ field: 'created_at', direction: 'desc' }] }).sort, both)
  assert.deepEqual(ask({}, { sort: '-created_at' }).sort, both)
  assert.deepEqual(ask({}, { sorts: [{ created_at: 'desc' }] }).sort, both)
  assert.deepEqual(ask({}, { sort: { field: 'a' } }).sort, [{ field: 'a', direction: 'asc' }])
})

test('paginationAnswer() says where the page stands and how to go on', () => {
  const page = { limit: 10, offset: 20, cursor: null, includeTotal: true }

  assert.deepEqual(paginationAnswer({ rows: { length: 10 }, total: 45, nextCursor: 'c/1' }, page), {
    total: 45,
    page: 3,
    page_size: 10,
    total_pages: 5,
    next_page: '?limit=10&offset=30',
    previous_page: '?limit=10&offset=10',
    next_cursor: 'c/1',
    has_more: true,
    limit: 10,
    offset: 20,
  })
  const last = paginationAnswer({ rows: { length: 5 }, total: 25, nextCursor: null }, page)
  assert.equal(last.has_more, false)
  assert.equal(last.next_page, null)
  const deep = { ...page, offset: 0, cursor: 'a' }
  assert.equal(
    paginationAnswer({ rows: { length: 10 }, total: null, nextCursor: 'c/1' }, deep).next_page,
    '?limit=10&cursor=c%2F1',
  )
})
