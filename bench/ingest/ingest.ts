import { parseArgs } from 'node:util'
import { machine } from '../support/statistics.ts'
import { measureSearches } from './searches.ts'
import { measureTexts } from './texts.ts'
import { measureVectors } from './vectors.ts'

/**
 * What comes in, and what that does to searches: `ingest [texts] [vectors] [searches]`, all of them where none is
 * named; `--texts` of each round, `--documents` with vectors, `--seconds` of each search.
 */
export async function ingest(
  write: (line: string) => void,
  args: readonly string[],
): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      texts: { type: 'string', default: '4000' },
      documents: { type: 'string', default: '1000000' },
      seconds: { type: 'string', default: '30' },
    },
  })
  const parts: Readonly<Record<string, () => Promise<void>>> = {
    texts: () => measureTexts(write, Number(values.texts)),
    vectors: () => measureVectors(write, Number(values.documents)),
    searches: () =>
      measureSearches(write, {
        seconds: Number(values.seconds),
        stored: {
          points: Math.min(100_000, Number(values.documents)),
          texts: Math.min(2_000, Number(values.texts)),
        },
      }),
  }
  const names = positionals.length > 0 ? positionals : Object.keys(parts)
  write(`# ingest (${machine()})`)
  for (const name of names) {
    const part = parts[name]
    if (!part) throw new Error(`'${name}' is none of ${Object.keys(parts).join(', ')}`)
    await part()
  }
}
