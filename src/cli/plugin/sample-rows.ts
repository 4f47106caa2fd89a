import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { fail } from '../../domain/failure.ts'
import type { PluginManifest, PluginRow } from '../../ports/plugin-host.ts'

/** Where `nacre plugin run` takes its texts from. */
export interface SampleSource {
  /** One text. */
  text: string | undefined
  /** A file, `-` for standard input: a text a line, or JSON lines that are strings or have a `text`. */
  input: string | undefined
}

const samples = [
  'The sea is calm tonight, and the harbour lights are on.',
  'A calm see, with spelling mistakes in it.',
  'Income tax is due in April.',
  '',
]

/** What one run takes; more belongs into a bucket. */
const rowsMax = 10_000

/** The texts asked for; a few of ours where none were. Throws `bad_request` for what cannot be read. */
export async function sampleTexts({ text, input }: SampleSource): Promise<string[]> {
  if (text !== undefined) return [text]
  if (input === undefined) return samples
  const content = input === '-' ? await readAll(process.stdin) : await readInput(input)
  const lines = content.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  if (lines.length > rowsMax) {
    const reason = `${input} has ${lines.length} lines; one run takes at most ${rowsMax}.`
    throw fail('bad_request', { reason })
  }
  return lines.map(textOfLine)
}

/** Texts as the rows that a batch over a bucket would make of them (plugin-contract 4.1). */
export function sampleRows(manifest: PluginManifest, texts: readonly string[]): PluginRow[] {
  return texts.map((text, i) => ({
    key: `${i + 1}`,
    objectId: `obj_sample_${i + 1}`,
    documentId: `doc_sample_${i + 1}`,
    blob: {
      id: `blob_sample_${i + 1}`,
      property: 'text',
      type: 'text',
      mimeType: 'text/plain',
      sizeBytes: 0,
    },
    data: { text },
    aliases: [...new Set(['text', ...Object.keys(manifest.inputMappings)])],
  }))
}

function textOfLine(line: string, index: number): string {
  if (!/^\s*["{]/.test(line)) return line
  const value = parsed(line)
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && 'text' in value) return String(value.text)
  if (value === undefined) return line
  const reason = `Line ${index + 1} is JSON without a text; send {"text": "…"} or the text itself.`
  throw fail('bad_request', { reason })
}

/** Undefined where a line only looks like JSON. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

async function readInput(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw fail('bad_request', { reason: `${path} cannot be read.` }, { cause })
  }
}
