import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadEdge } from './load.ts'

// index.d.ts is written by hand; here it is held to what the addon really has.

const declared = readFileSync(join(import.meta.dirname, 'index.d.ts'), 'utf8')
const edge = loadEdge()

function names(pattern: RegExp): string[] {
  return [...declared.matchAll(pattern)].map(([, name = '']) => name).toSorted()
}

test('index.d.ts declares exactly what the addon exports', () => {
  const exported = names(/^export (?:class|function) (\w+)/gm)
  assert.deepEqual(exported, Object.keys(edge).toSorted())
})

test('index.d.ts declares exactly the methods of Shard, instance and static', () => {
  const own = Object.getOwnPropertyNames(edge.Shard.prototype).filter(
    (name) => name !== 'constructor',
  )
  assert.deepEqual(names(/^ {2}(\w+)\(/gm), own.toSorted())
  const statics = Object.getOwnPropertyNames(edge.Shard).filter(
    (name) => !['length', 'name', 'prototype'].includes(name),
  )
  assert.deepEqual(names(/^ {2}static (\w+)\(/gm), statics.toSorted())
})

test('versions() names the engine of Cargo.toml and the addon', () => {
  const cargo = readFileSync(join(import.meta.dirname, 'Cargo.toml'), 'utf8')
  assert.deepEqual(edge.versions(), {
    edge: /qdrant-edge = "=(.+)"/.exec(cargo)?.[1],
    addon: /^version = "(.+)"/m.exec(cargo)?.[1],
  })
})
