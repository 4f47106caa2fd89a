/**
 * Turns texts into vectors, off the event loop. Queries go ahead of batch work, and are remembered for who asked them:
 * how long a text takes tells nobody that another has asked it.
 */
export interface Embedder extends AsyncDisposable {
  /**
   * What the setting's value (`bundled`, `hf:…`, `http…`) means: name, dimensions, limits.
   * Throws `inference_unavailable` where it cannot be loaded or reached.
   */
  describe(model: string, signal?: AbortSignal): Promise<EmbeddingModel>
  /**
   * One vector a text, in order. A text that the model cannot represent (design 6, languages) or
   * that is longer than it reads gives a `TextRefusal` in its place, never a meaningless vector.
   */
  embed(
    model: string,
    texts: readonly string[],
    work: EmbeddingWork,
    signal?: AbortSignal,
  ): Promise<(Float32Array | TextRefusal)[]>
}

/** What the texts are for; a query of an organization is remembered for it alone. */
export type EmbeddingWork = 'batch' | 'query' | { queryOf: string }

export interface EmbeddingModel {
  /** The setting's value that names it. */
  model: string
  /** As feature URIs and answers name it, e.g. `universal_sentence_encoder_lite_en_v1`. */
  inferenceName: string
  dimensions: number
  /** BCP 47 tags, or `*` for any. */
  languages: readonly string[]
  /** Longest text it reads whole. */
  tokensMax: number
}

export interface TextRefusal {
  reason: 'unrepresentable' | 'too_long' | 'empty'
  /** What is wrong and which setting or parameter changes it. */
  message: string
}
