import type { ExtractedRow } from './extractor-runtime.ts'

/**
 * Runs strangers' code, outside of this process and behind walls (design 6). Archives are named by the hash under
 * which the blob store has them; a host unpacks what it needs into a folder of its own, checked anew each time.
 * Throws `plugins_unavailable` where this machine cannot run plugins at all (no Python), with what to install.
 */
export interface PluginHost extends AsyncDisposable {
  /** What runs plugins here and how they are walled in, measured once at start. Never throws. */
  describe(signal?: AbortSignal): Promise<PluginHostDescription>
  /**
   * Unpacks and reads an archive; runs none of its code. A bad archive is an answer, no error. What it was uploaded as
   * stands in for a name and version that only running the manifest would tell.
   */
  inspect(
    archiveHash: string,
    uploaded?: UploadedAs | null,
    signal?: AbortSignal,
  ): Promise<PluginInspection>
  /** Runs manifest, pipeline and realtime service once, on a generated row, in a process of its own. */
  check(code: PluginCode, signal?: AbortSignal): Promise<PluginCheck>
  /** Starts its process and loads it ahead of the first row. Throws `plugin_failed` with the plugin's own error. */
  warm(code: PluginCode, signal?: AbortSignal): Promise<void>
  /** Ends its processes once their calls are done. */
  stop(pluginId: string): Promise<void>
  /**
   * One answer a row, in order; rows go in batches of the plugin's own size, with as many processes as it may have.
   * A plugin that hangs, dies, floods or writes garbage fails its rows with the reason and nothing else.
   */
  run(code: PluginCode, request: PluginRun, signal?: AbortSignal): Promise<ExtractedRow[]>
  /** A query as a vector. Throws `plugin_failed` where none comes out. */
  realtime(code: PluginCode, request: PluginQuery, signal?: AbortSignal): Promise<PluginQueryAnswer>
}

export type PluginTier = 'kernel' | 'process'

export interface PluginHostDescription {
  tier: PluginTier
  /** Why it is not `kernel`; empty where it is. */
  reasons: readonly string[]
  /** Null where none was found; `problem` says what to install. */
  python: { path: string; version: string } | null
  problem: string | null
}

/** What is needed to run a plugin: made of its row. */
export interface PluginCode {
  /** `hash_text_1_0_0`; unique together with `archiveHash`. */
  pluginId: string
  /** Whose it is: namespaces never share a process. */
  namespaceId: string
  archiveHash: string
  features: readonly PluginFeature[]
  profile: PluginProfile
  dependencies: readonly string[]
  positionFields: readonly string[]
}

/** What the uploader calls a plugin. */
export interface UploadedAs {
  name: string
  /** `X.Y.Z`. */
  version: string
}

export interface PluginFeature {
  name: string
  dimensions: number
  distance: 'cosine' | 'dot' | 'euclidean' | 'manhattan'
}

export interface PluginProfile {
  batchSize: number
  maxConcurrency: number
  memoryBytes: number
}

export interface PluginManifest {
  name: string
  /** `X.Y.Z`. */
  version: string
  description: string
  features: PluginFeature[]
  dependencies: string[]
  profile: PluginProfile
  featureUri: string | null
  inputSchema: Record<string, unknown> | null
  outputSchema: Record<string, unknown> | null
  parameterSchema: Record<string, unknown> | null
  inputMappings: Record<string, string>
  supportedInputTypes: string[]
  positionFields: string[]
  hasRealtime: boolean
  /** Everything as declared, to be shown again. */
  declared: Record<string, unknown>
}

export interface PluginInspection {
  /** Null where the archive or the manifest cannot be read. */
  manifest: PluginManifest | null
  /** SHA-256 over sorted paths and contents: packing again is no change. */
  codeHash: string | null
  violations: readonly ScanViolation[]
  errors: readonly string[]
  warnings: readonly string[]
}

export interface ScanViolation {
  file: string
  /** From 1. */
  line: number
  /** From 0. */
  column: number
  message: string
  severity: 'error' | 'warning'
}

export interface PluginCheck {
  /** With what only running it shows: schemas of classes, computed values. */
  manifest: PluginManifest | null
  errors: readonly string[]
  warnings: readonly string[]
}

export interface PluginRun {
  parameters: Readonly<Record<string, unknown>>
  collectionId: string
  inputMappings: Readonly<Record<string, string>>
  rows: readonly PluginRow[]
}

/** One blob of one source (plugin-contract 4.1). */
export interface PluginRow {
  key: string
  objectId: string
  /** Reserved for it: its document's id where it becomes one. */
  documentId: string
  /** The upstream document that it was made of; absent where its source is an object. */
  sourceDocumentId?: string
  blob: { id: string; property: string; type: string; mimeType: string; sizeBytes: number }
  /** The text itself, or the path of a file that the plugin may read. */
  data: { text: string } | { contentHash: string }
  /** Further names under which the plugin finds `data`. */
  aliases: readonly string[]
}

export interface PluginQuery {
  inputs: Readonly<Record<string, unknown>>
  parameters: Readonly<Record<string, unknown>>
  /** Feature name. */
  vector: string
}

export interface PluginQueryAnswer {
  vector: Float32Array | null
  raw: unknown
  type: string
  keys: readonly string[]
  error: string | null
}
