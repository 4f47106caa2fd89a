import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scopeAllows } from './scope-allows.ts'

const films = { type: 'namespace', ids: ['ns_1', 'films'] }

test('scopeAllows() matches ids and names, with * for any characters', () => {
  const allows = (resource_id: string) =>
    scopeAllows([{ resource_type: 'namespace', resource_id }], 'read', [films])

  for (const pattern of ['ns_1', 'films', '*', 'ns_*', '*s', 'f*l*s', 'films*'])
    assert.ok(allows(pattern), pattern)
  for (const pattern of ['ns_', 'film', 'f*f', '*x*', 'ns_1*1', ''])
    assert.ok(!allows(pattern), pattern)
})

test('scopeAllows() lets an organization scope reach everything, and another resource nothing', () => {
  assert.ok(scopeAllows([{ resource_type: 'organization', resource_id: 'x' }], 'admin', []))
  assert.ok(!scopeAllows([{ resource_type: 'bucket', resource_id: '*' }], 'read', [films]))
  assert.ok(!scopeAllows([{ resource_type: 'namespace' }], 'read', [films]))
})

test('scopeAllows() holds a scope to its operations', () => {
  const scopes = [{ resource_type: 'namespace', resource_id: '*', operations: ['read_data'] }]

  assert.ok(scopeAllows(scopes, 'read', [films]))
  assert.ok(!scopeAllows(scopes, 'write', [films]))
})
