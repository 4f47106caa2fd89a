/**
 * A text as it is compared where case does not count. JavaScript writes a sigma at the end of a word in another way, so
 * that a part of a text would not be found in it.
 */
export function foldedCase(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ')
}
