import { hash } from 'node:crypto'
import { ownVector } from '../support/points.ts'
import { randomOf } from '../support/statistics.ts'
import { vectorNear, vectorText } from '../support/vectors.ts'

export const documentsTotal = 100_000
export const dimensions = 128

/** Written by nobody after the import: what a read of one answers is known at every moment. */
export function isStable(n: number): boolean {
  return n % 10 === 0
}

/** `doc_…` of the nth document. */
export function documentIdOf(n: number): string {
  return `doc_${hash('md5', `document ${n}`)}`
}

/** Its fields as they are written whole; a patch changes them afterwards. */
export function fieldsOf(n: number, revision: number): Record<string, unknown> {
  const group = `g${n % 100}`
  return { n, revision, group, nested: { tags: [group, `r${revision}`] } }
}

/** The same for the same arguments, so that no model has to keep it. */
export function vectorOf(n: number, revision: number, name = ownVector): number[] {
  const random = randomOf((n * 31 + revision * 7919 + name.length * 104_729) >>> 0)
  return vectorText(vectorNear(n + revision, dimensions, random))
}

/** What a client sends to write the document, with these vectors. */
export function documentOf(n: number, revision: number, names: readonly string[]) {
  const vectors = Object.fromEntries(names.map((name) => [name, vectorOf(n, revision, name)]))
  return { document_id: documentIdOf(n), ...fieldsOf(n, revision), vectors }
}

/** An import's body: the documents as they are at first, a part of lines at a time. */
export async function* importLines(names: readonly string[]): AsyncIterable<string> {
  const perPart = 250
  for (let from = 0; from < documentsTotal; from += perPart) {
    const to = Math.min(documentsTotal, from + perPart)
    const numbers = Array.from({ length: to - from }, (_, i) => from + i)
    yield numbers.map((n) => `${JSON.stringify(documentOf(n, 0, names))}\n`).join('')
  }
}
