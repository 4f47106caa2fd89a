/**
 * Runs an extractor over rows: built-in ones in worker threads, plugins in processes of their own.
 * One bad row never spoils its neighbours: each row answers for itself.
 */
export interface ExtractorRuntime extends AsyncDisposable {
  extract(request: ExtractRequest, signal?: AbortSignal): Promise<ExtractedRow[]>
}

export interface ExtractRequest {
  /** `text_extractor_v1`, or a plugin's id. */
  extractorId: string
  parameters: Readonly<Record<string, unknown>>
  /** The namespace's embedding model, as its setting names it. */
  model: string
  rows: readonly ExtractorRow[]
}

export interface ExtractorRow {
  /** The caller's key for this row; comes back unchanged. */
  key: string
  /** Extractor input name → value, as `input_mappings` resolved it. */
  inputs: Readonly<Record<string, unknown>>
}

/** What became of one row, in the order of the request. */
export type ExtractedRow =
  | { key: string; documents: ExtractedDocument[]; warnings: readonly string[] }
  /** Nothing is to be made of it, and that is no fault: a plugin passed it over, with the reason (plugin-contract 4.5). */
  | { key: string; skipped: string; warnings: readonly string[] }
  | { key: string; failure: { type: ExtractionFailureType; message: string } }

export type ExtractionFailureType =
  | 'dependency'
  | 'authentication'
  | 'validation'
  | 'runtime'
  | 'network'
  | 'resource'

export interface ExtractedDocument {
  /** Values of the extractor's position fields; part of the document's id. `[]` where one object is one document. */
  position: readonly (string | number)[]
  fields: Readonly<Record<string, unknown>>
  /** Storage vector name → value. */
  vectors: Readonly<Record<string, Float32Array>>
  /** Feature URIs of declared vectors that it has none of, where it has others (plugin-contract 4.5). */
  missing?: readonly string[]
}
