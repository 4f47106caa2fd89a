const word = /[\p{Alphabetic}\p{N}]+/gu

/**
 * The words of a text: runs of letters and digits in lower case, of any length. The one tokenizer of `text` and
 * `phrase`, whatever a payload index on the field does (design 6, operators); the engine's own default is the same.
 */
export function wordsOf(text: string): string[] {
  return (text.match(word) ?? []).map((found) => found.toLowerCase())
}
