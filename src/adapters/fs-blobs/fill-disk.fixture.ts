import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isFailure } from '../../domain/failure.ts'
import { openFsBlobs } from './open-fs-blobs.ts'

// Run by open-fs-blobs.test.ts on a file system of 256 kB: fills it and prints what became of the store.
const folder = process.argv[2] ?? ''
await using store = await openFsBlobs(folder)
const { hash } = await store.put(Buffer.from('small'))
const error: unknown = await store
  .put(Buffer.alloc(1_000_000, 'x'))
  .catch((thrown: unknown) => thrown)
const kept = Buffer.from((await store.read(hash)) ?? []).toString()
const left = await readdir(join(folder, 'incoming'))
const said = isFailure(error) ? `${error.code}: ${error.message}` : String(error)
process.stdout.write(JSON.stringify({ error: said, kept, left }))
