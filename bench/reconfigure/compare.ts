import type { HttpClient } from '../support/http-client.ts'
import { documentIdOf, vectorOf } from './data.ts'
import { checksumOf, checksumOfAnswer, type Model } from './model.ts'

/** Written documents whose vectors are looked at. */
const vectorsMax = 3_000
/** Single precision, normalised once more by the engine. */
const tolerance = 1e-4

/** How the collection differs from the model; all zero where nothing went wrong. */
export interface Comparison {
  documents: number
  lost: number
  resurrected: number
  /** There, but as an earlier or another write left it. */
  stale: number
  /** Of how many documents the vectors were looked at, and how many had other ones. */
  vectorsSeen: number
  vectorsWrong: number
  /** Written to without a clear answer, and so left out. */
  unsure: number
  first: string | null
}

/** Reads every document, page by page, and holds ids, checksums and vectors against the model. */
export async function compare(
  within: HttpClient,
  collectionId: string,
  model: Model,
  unsure: ReadonlySet<number>,
): Promise<Comparison> {
  const path = `/v1/collections/${collectionId}/documents`
  const found = await checksumsOf(within, path)
  const faults: string[] = []
  const counts = { lost: 0, resurrected: 0, stale: 0, vectorsSeen: 0, vectorsWrong: 0 }
  const documents = found.size
  for (let n = 0; n < model.end; n++) {
    const id = documentIdOf(n)
    const there = found.get(id)
    found.delete(id)
    const fault = unsure.has(n) ? null : faultOf(n, model, there)
    if (fault === null) continue
    counts[fault] += 1
    faults.push(`document ${n} is ${fault}`)
  }
  // What is left has an id that nobody wrote.
  counts.resurrected += found.size
  for (const n of model.touched().slice(-vectorsMax)) {
    if (unsure.has(n) || model.get(n) === null) continue
    counts.vectorsSeen += 1
    const fault = await vectorFaultOf(within, path, n, model)
    if (fault === null) continue
    counts.vectorsWrong += 1
    faults.push(fault)
  }
  return { documents, ...counts, unsure: unsure.size, first: faults[0] ?? null }
}

function faultOf(
  n: number,
  model: Model,
  there: string | undefined,
): 'lost' | 'resurrected' | 'stale' | null {
  const known = model.get(n)
  if (known === null) return there === undefined ? null : 'resurrected'
  if (there === undefined) return 'lost'
  return there === checksumOf(n, known) ? null : 'stale'
}

/** Document id → checksum. */
async function checksumsOf(within: HttpClient, path: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  let cursor: string | null = null
  do {
    const body = { limit: 1000, ...(cursor !== null && { cursor }) }
    const page = (await within.call('POST', `${path}/list`, body)) as unknown as Page
    for (const one of page.results) found.set(one.document_id, checksumOfAnswer(one))
    cursor = page.pagination.next_cursor
  } while (cursor !== null)
  return found
}

interface Page {
  results: { document_id: string; [field: string]: unknown }[]
  pagination: { next_cursor: string | null }
}

async function vectorFaultOf(
  within: HttpClient,
  path: string,
  n: number,
  model: Model,
): Promise<string | null> {
  const known = model.get(n)
  if (known === null) return null
  const answer = await within.call('GET', `${path}/${documentIdOf(n)}?return_vectors=true`)
  const names = answer['_vectors'] as string[]
  if (names.toSorted().join() !== known.vectors.toSorted().join())
    return `document ${n} has the vectors ${names.join()}, not ${known.vectors.join()}`
  const wrong = known.vectors.find((name) => {
    const stored = answer[name] as number[]
    const written = vectorOf(n, known.revision, name)
    return written.some((value, i) => Math.abs(value - (stored[i] ?? Infinity)) > tolerance)
  })
  return wrong === undefined ? null : `vector ${wrong} of document ${n} is another one`
}
