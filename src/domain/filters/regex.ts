import { RE2JS, RE2JSSyntaxException } from 're2js'

/**
 * A regular expression in RE2's language: it has no look-around and no back-references, and in exchange looks through
 * any text in time linear in its length (design 7; docs/decisions/0001-libraries.md).
 */
export interface Regex {
  /** Instructions of its program: on a text of n characters it takes n times as many steps at most. */
  size: number
  /** Whether it is found anywhere in the text; `^` and `$` are the text's two ends. */
  test(text: string): boolean
}

/** The pattern made ready; a string where it is none, which says why. */
export function compileRegex(pattern: string, isCaseSensitive: boolean): Regex | string {
  try {
    const regex = RE2JS.compile(pattern, isCaseSensitive ? 0 : RE2JS.CASE_INSENSITIVE)
    return { size: regex.programSize(), test: (text) => regex.test(text) }
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error
    const part = error.getPattern()
    return part === null
      ? error.getDescription()
      : `${error.getDescription()}: ${part.slice(0, 64)}`
  }
}
