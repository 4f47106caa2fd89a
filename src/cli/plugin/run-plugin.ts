import { fail } from '../../domain/failure.ts'
import { pluginIdOf } from '../../domain/plugins/plugin-id.ts'
import type { ExtractedDocument, ExtractedRow } from '../../ports/extractor-runtime.ts'
import type { PluginFeature, PluginHost, PluginCode } from '../../ports/plugin-host.ts'
import type { CommandCall } from '../command.ts'
import { tableLines } from '../table.ts'
import { openPlugin } from './open-plugin.ts'
import { sampleRows, sampleTexts } from './sample-rows.ts'

/** `nacre plugin run`: rows through the plugin as a batch would send them, and a query as a search would. */
export async function runPlugin(call: CommandCall, folder?: string): Promise<void> {
  const texts = await sampleTexts({ text: textFlag(call, 'text'), input: textFlag(call, 'input') })
  const parameters = parametersOf(call)
  await using plugin = await openPlugin(call, folder)
  const { inspection, host } = plugin
  const { manifest, errors } = inspection
  if (manifest === null || errors.length > 0) {
    const reason = `${errors[0] ?? 'it cannot be read'}; nacre plugin check says the rest`
    throw fail('plugin_failed', { pluginId: plugin.folder, reason })
  }
  const code = plugin.codeOf(manifest)
  const results = await host.run(code, {
    parameters,
    collectionId: 'col_command_line',
    inputMappings: manifest.inputMappings,
    rows: sampleRows(manifest, texts),
  })
  const query = textFlag(call, 'query')
  const nearest =
    query === undefined ? null : await search(host, code, { query, parameters, results, texts })
  if (call.isJson) return call.print(JSON.stringify({ results: results.map(plain), nearest }))
  for (const { file, line, column, message } of inspection.violations)
    call.print(`! ${file}:${line}:${column}: ${message}; the server would refuse it`)
  for (const [i, result] of results.entries()) {
    for (const line of rowLines(result, texts[i] ?? '')) call.print(line)
  }
  for (const line of nearest === null ? [] : nearestLines(query ?? '', nearest)) call.print(line)
  const failed = results.filter((result) => 'failure' in result).length
  if (failed === 0) return
  const pluginId = pluginIdOf(manifest.name, manifest.version)
  throw fail('plugin_failed', { pluginId, reason: `${failed} of ${results.length} rows failed` })
}

function* rowLines(result: ExtractedRow, text: string): Generator<string> {
  yield `${result.key}  ${JSON.stringify(shortened(text))}`
  if ('failure' in result) return yield `   ✗ ${result.failure.type}: ${result.failure.message}`
  for (const warning of result.warnings) yield `   ! ${warning}`
  if ('skipped' in result) return yield `   skipped: ${result.skipped}`
  for (const document of result.documents) {
    const title = document.position.length > 0 ? [`   at ${document.position.join(', ')}`] : []
    yield* [...title, ...tableLines(documentRows(document))]
  }
}

function documentRows({ fields, vectors, missing = [] }: ExtractedDocument): string[][] {
  return [
    ...Object.entries(vectors).map(([name, vector]) => [`   ${name}`, vectorText(vector)]),
    ...Object.entries(fields).map(([name, value]) => [
      `   ${name}`,
      shortened(JSON.stringify(value)),
    ]),
    ...missing.map((uri) => [`   ${uri}`, 'missing']),
  ]
}

const shownNumbers = 4

function vectorText(vector: Float32Array): string {
  const numbers = [...vector.subarray(0, shownNumbers)].map((value) => value.toFixed(3))
  const length = Math.hypot(...vector).toFixed(3)
  return `[${numbers.join(', ')}, …]  ${vector.length} numbers, length ${length}`
}

interface Nearest {
  vector: string
  score: number
  text: string
}

interface Search {
  query: string
  parameters: Readonly<Record<string, unknown>>
  results: readonly ExtractedRow[]
  texts: readonly string[]
}

/** The documents by nearness to the query, vector by vector, nearest first. */
async function search(host: PluginHost, code: PluginCode, given: Search): Promise<Nearest[]> {
  const { query, parameters, results, texts } = given
  const found: Nearest[] = []
  for (const feature of code.features) {
    const inputs = { text: query, texts: [query] }
    const answer = await host.realtime(code, { inputs, parameters, vector: feature.name })
    const { vector, error } = answer
    if (vector === null) {
      throw fail('plugin_failed', { pluginId: code.pluginId, reason: error ?? 'no query vector' })
    }
    const near = results.flatMap((result, i) =>
      'documents' in result
        ? result.documents.flatMap(({ vectors }) => {
            const stored = vectors[feature.name]
            if (!stored) return []
            const score = nearness(feature.distance, vector, stored)
            return [{ vector: feature.name, score, text: texts[i] ?? '' }]
          })
        : [],
    )
    found.push(...near.toSorted((a, b) => b.score - a.score))
  }
  return found
}

/** Higher is nearer, whatever the distance. */
function nearness(distance: PluginFeature['distance'], a: Float32Array, b: Float32Array): number {
  const sum = (term: (x: number, y: number) => number) =>
    a.reduce((total, x, i) => total + term(x, b[i] ?? 0), 0)
  const dot = sum((x, y) => x * y)
  if (distance === 'dot') return dot
  if (distance === 'cosine') return dot / (Math.hypot(...a) * Math.hypot(...b) || 1)
  if (distance === 'manhattan') return -sum((x, y) => Math.abs(x - y))
  return -Math.sqrt(sum((x, y) => (x - y) ** 2))
}

function nearestLines(query: string, nearest: readonly Nearest[]): string[] {
  const rows = nearest.map(({ vector, score, text }) => [
    `   ${score.toFixed(3)}`,
    shortened(text),
    vector,
  ])
  return [`query  ${JSON.stringify(query)}`, ...tableLines(rows)]
}

function shortened(text: string): string {
  return text.length > 72 ? `${text.slice(0, 71)}…` : text
}

function plain(result: ExtractedRow) {
  if (!('documents' in result)) return result
  const documents = result.documents.map((document) => ({
    ...document,
    vectors: Object.fromEntries(
      Object.entries(document.vectors).map(([name, vector]) => [name, [...vector]]),
    ),
  }))
  return { ...result, documents }
}

function textFlag({ flags }: CommandCall, name: string): string | undefined {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

function parametersOf(call: CommandCall): Record<string, unknown> {
  const given = textFlag(call, 'parameters')
  if (given === undefined) return {}
  try {
    const value: unknown = JSON.parse(given)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // Said below, with what would be right.
  }
  const reason = `--parameters takes a JSON object, such as '{"letters": 4}'.`
  throw fail('bad_request', { reason })
}
