import { all, exactly, type Bounds, type Formula } from './bounds.ts'
import type { IndexedPath } from './compile-filter.ts'
import { wordsOf } from './words.ts'

/**
 * `text`: every word by itself, so that a list of texts means the same with and without an index. A text index
 * cannot find words outside its length limits, and only one that splits and lowers as we do is exact (design 7).
 */
export function boundsOfWords(
  key: string,
  words: readonly string[],
  index: IndexedPath | undefined,
  engineFindsWords: boolean,
): Bounds {
  if (words.length === 0) return exactly(false)
  const found = words.map((word): { formula: Formula; isExact: boolean } => {
    const how = wordAnswer(word, index, engineFindsWords)
    const formula: Formula = how === 'unknown' || { key, match: { text: word } }
    return { formula, isExact: how === 'exact' }
  })
  const upper = all(found.map(({ formula }) => formula))
  return { upper, lower: found.every(({ isExact }) => isExact) ? upper : false }
}

/** `wider`: the index finds the word and others. `unknown`: it may miss it. */
function wordAnswer(
  word: string,
  index: IndexedPath | undefined,
  engineFindsWords: boolean,
): 'exact' | 'wider' | 'unknown' {
  // Small letters of İ are two characters, of which the engine takes the second for no letter when it is asked for them.
  if (wordsOf(word)[0] !== word) return 'unknown'
  if (index?.schema.type !== 'text') return engineFindsWords ? 'exact' : 'unknown'
  if (!engineFindsWords && !index.isActive) return 'unknown'
  const { tokenizer, lowercase, min_token_len: min, max_token_len: max } = index.schema
  const length = Array.from(word).length
  if (lowercase === false || length < (min ?? 0)) return 'unknown'
  if (tokenizer === 'prefix') return 'wider'
  const isHeld = length <= (max ?? Infinity)
  return isHeld && (tokenizer === undefined || tokenizer === 'word') ? 'exact' : 'unknown'
}
