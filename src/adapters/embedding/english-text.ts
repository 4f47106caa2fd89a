import type { TextRefusal } from '../../ports/embedder.ts'
import { emptyText } from './backend.ts'

/** Facts of the bundled Universal Sentence Encoder Lite, held by its test against the model itself. */
export const tokensMax = 128
const pieceCharactersMax = 16
const unknownId = 0

/**
 * Largest share of letters that may be foreign to the model. Measured over 200 dictionary definitions with words
 * replaced by Chinese or Cyrillic ones, each searched by its original: at 0.1 foreign letters the right one comes
 * first in 92-95 % of searches, at 0.2 in 70-80 %, at 0.5 in 24-40 %, and at 1 all unrelated texts are equal.
 */
const foreignLettersMax = 0.2
/** The same for all visible characters, for texts of symbols: three emoji have no letter. */
const unknownCharactersMax = 0.5

/** `[piece, score]` by id, as the model's package has it. */
export type Vocabulary = readonly (readonly [string, number])[]

export interface Tokenizer {
  encode(text: string): number[]
}

/** The characters that the vocabulary can spell one by one. */
export function knownCharacters(vocabulary: Vocabulary): ReadonlySet<string> {
  const single = vocabulary.slice(6).map(([piece]) => piece)
  return new Set(single.filter((piece) => Array.from(piece).length === 1))
}

/**
 * What the tokenizer is given: NFKC, runs of white space as one space (its vocabulary knows neither tab nor line
 * break), and a letter it does not know without its accent (`ï` → `i`, while `é` is known and stays).
 */
export function normaliseText(text: string, known: ReadonlySet<string>): string {
  const plain = text
    .normalize('NFKC')
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
  return plain.replace(/[^\p{ASCII}]/gu, (character) => {
    if (known.has(character)) return character
    const [base] = character.normalize('NFD')
    return base !== undefined && known.has(base) ? base : character
  })
}

/** Why the model must not be asked about this normalised text, or null where it can read it. */
export function refusalOf(
  text: string,
  tokenizer: Tokenizer,
  known: ReadonlySet<string>,
): TextRefusal | null {
  if (text === '') return emptyText()
  const share = foreignShare(text, known)
  if (share.letters > foreignLettersMax || share.characters > unknownCharactersMax) {
    return unrepresentable(Math.max(share.letters, share.characters))
  }
  // Longer than any text of that many pieces: not worth tokenizing, which takes quadratic time.
  if (text.length > tokensMax * pieceCharactersMax) return tooLong(null)

  const tokens = tokenizer.encode(text)
  if (tokens.length > tokensMax) return tooLong(tokens.length)
  return tokens.every((id) => id === unknownId) ? unrepresentable(1) : null
}

/** A Cyrillic letter that the vocabulary happens to hold says nothing to an English model: it counts as foreign. */
function foreignShare(
  text: string,
  known: ReadonlySet<string>,
): { letters: number; characters: number } {
  let letters = 0
  let foreign = 0
  let characters = 0
  let unknown = 0
  for (const character of text) {
    if (character === ' ') continue
    const isKnown = known.has(character)
    characters += 1
    if (!isKnown) unknown += 1
    if (!/\p{L}/u.test(character)) continue
    letters += 1
    if (!isKnown || !/\p{Script=Latin}/u.test(character)) foreign += 1
  }
  return {
    letters: letters === 0 ? 0 : foreign / letters,
    characters: characters === 0 ? 0 : unknown / characters,
  }
}

function unrepresentable(share: number): TextRefusal {
  const percent = Math.round(share * 100)
  return {
    reason: 'unrepresentable',
    message:
      `The bundled model reads English only and cannot represent ${percent} % of this text; ` +
      'set EMBEDDING_MODEL to a model of its language and create a namespace with it.',
  }
}

function tooLong(tokens: number | null): TextRefusal {
  const length = tokens === null ? `more than ${tokensMax}` : String(tokens)
  return {
    reason: 'too_long',
    message:
      `The text has ${length} tokens and the model reads ${tokensMax} (about 90 words); ` +
      "set the extractor's split_by (words, sentences, paragraphs or characters) and chunk_size, " +
      'or EMBEDDING_MODEL to a model that reads more.',
  }
}
