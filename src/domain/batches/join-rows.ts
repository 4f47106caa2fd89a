import type { ExtractedDocument, ExtractedRow } from '../../ports/extractor-runtime.ts'

/** What became of one row of a source, and what tells its documents from those of the others. */
interface Answered {
  position: readonly (string | number)[]
  answer: ExtractedRow | undefined
}

/**
 * The answers to a source's rows as one, under its key: failed where one of them failed, passed over where all were.
 * `nothing`: what is said of a source without any row.
 */
export function joinRows(key: string, rows: readonly Answered[], nothing: string): ExtractedRow {
  if (rows.length === 0) return { key, failure: { type: 'validation', message: nothing } }
  const documents: ExtractedDocument[] = []
  const warnings: string[] = []
  let skipped: string | null = null
  for (const { position, answer } of rows) {
    const where = position.length === 0 ? '' : `${position[0]}: `
    if (!answer) return { key, failure: { type: 'runtime', message: `${where}no answer for it` } }
    if ('failure' in answer) {
      const { type, message } = answer.failure
      return { key, failure: { type, message: `${where}${message}` } }
    }
    warnings.push(...answer.warnings)
    if ('skipped' in answer) {
      skipped ??= `${where}${answer.skipped}`
      continue
    }
    for (const document of answer.documents)
      documents.push({ ...document, position: [...position, ...document.position] })
  }
  if (documents.length === 0 && skipped !== null) return { key, skipped, warnings }
  if (skipped !== null) warnings.push(skipped)
  return { key, documents, warnings }
}
