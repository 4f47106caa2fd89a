import type { EmbeddingModel, TextRefusal } from '../../ports/embedder.ts'

export type Priority = 'query' | 'batch'

/** One kind of model behind `openEmbedder`: the bundled one, an HTTP endpoint, a local Hugging Face model. */
export interface Backend extends AsyncDisposable {
  describe(signal?: AbortSignal): Promise<EmbeddingModel>
  embed(
    texts: readonly string[],
    priority: Priority,
    signal?: AbortSignal,
  ): Promise<(Float32Array | TextRefusal)[]>
}

export function emptyText(): TextRefusal {
  return { reason: 'empty', message: 'The text is empty: there is nothing to embed.' }
}

/** `intfloat/multilingual-e5-large-instruct` → `multilingual_e5_large_instruct`: how feature URIs name a model. */
export function inferenceNameOf(model: string): string {
  const last = model.split(/[\\/]/).filter(Boolean).at(-1) ?? model
  const name = last
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return name === '' ? 'model' : name
}
