import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { commands } from '../../src/cli/commands.ts'
import { settings } from '../../src/config.ts'
import { routes } from '../../src/http/routes.ts'

const page = new URL('../../docs/guide/indexes.md', import.meta.url)

describe('docs/guide/indexes.md names only what is there', async () => {
  const markdown = await readFile(page, 'utf8')
  const named = (pattern: RegExp) => [...markdown.matchAll(pattern)].map((match) => match[1] ?? '')

  test('settings', () => {
    const variables = Object.values(settings).map(({ variable }) => variable)
    for (const start of named(/\b(NACRE_[A-Z_]+)/g))
      assert.ok(
        variables.some((variable) => variable.startsWith(start)),
        start,
      )
  })

  test('operations', () => {
    const there = new Set(routes.map(({ method, path }) => `${method} ${path}`))
    const operations = named(/`((?:GET|POST) \/v1\/[^`]+)`/g)
    assert.ok(operations.length > 5)
    for (const operation of operations) assert.ok(there.has(operation), operation)
  })

  test('flags of nacre indexes', () => {
    const flags = commands.find(({ name }) => name === 'indexes')?.flags ?? []
    const there = new Set(['--json', ...flags.map((flag) => flag.flags.split(' ')[0])])
    for (const flag of named(/(?<=`nacre indexes |`)(--[a-z]+)/g)) assert.ok(there.has(flag), flag)
  })
})
