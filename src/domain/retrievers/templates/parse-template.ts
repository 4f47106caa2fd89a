import { TemplateError, type Expression } from './expression.ts'
import { parseExpression } from './parse-expression.ts'

/** A text with templates, parsed. */
export type TemplatePart =
  | { kind: 'text'; text: string }
  | { kind: 'value'; of: Expression; source: string }
  | { kind: 'if'; branches: readonly { when: Expression | null; parts: readonly TemplatePart[] }[] }

type Mark = { kind: 'text' | 'value' | 'block'; text: string }

/** Longer ones are no templates that somebody wrote. */
const templateLettersMax = 100_000
const blocksDepthMax = 16

/** `{{ }}` and `{% if %}` of a text; single braces are text. Throws TemplateError where it is malformed. */
export function parseTemplate(source: string): TemplatePart[] {
  if (source.length > templateLettersMax)
    throw new TemplateError(`it is longer than ${templateLettersMax} letters`)
  const marks = marksOf(source)
  const { parts, end } = partsFrom(marks, 0, 0)
  const left = marks[end]
  if (left) throw new TemplateError(`{% ${left.text} %} stands without its if`)
  return parts
}

function partsFrom(
  marks: readonly Mark[],
  start: number,
  depth: number,
): { parts: TemplatePart[]; end: number } {
  if (depth > blocksDepthMax) throw new TemplateError('its blocks are nested too deeply')
  const parts: TemplatePart[] = []
  let at = start
  for (let mark = marks[at]; mark; mark = marks[at]) {
    if (mark.kind === 'block' && wordOf(mark) !== 'if') break
    if (mark.kind === 'block') {
      const block = ifFrom(marks, at, depth)
      parts.push(block.part)
      at = block.end
      continue
    }
    if (mark.kind === 'text') parts.push({ kind: 'text', text: mark.text })
    else parts.push({ kind: 'value', of: parseExpression(mark.text), source: mark.text })
    at += 1
  }
  return { parts, end: at }
}

function ifFrom(
  marks: readonly Mark[],
  start: number,
  depth: number,
): { part: TemplatePart; end: number } {
  const branches: { when: Expression | null; parts: readonly TemplatePart[] }[] = []
  let at = start
  for (let mark = marks[at]; mark; mark = marks[at]) {
    const word = wordOf(mark)
    if (word === 'endif') return { part: { kind: 'if', branches }, end: at + 1 }
    if (branches.at(-1)?.when === null) throw new TemplateError(`{% ${word} %} stands after else`)
    const when = word === 'else' ? null : parseExpression(mark.text.slice(word.length))
    const inner = partsFrom(marks, at + 1, depth + 1)
    branches.push({ when, parts: inner.parts })
    at = inner.end
  }
  throw new TemplateError('{% endif %} is missing')
}

function wordOf({ text }: Mark): string {
  const [word = ''] = /^\w*/.exec(text) ?? []
  if (['if', 'elif', 'else', 'endif'].includes(word)) return word
  throw new TemplateError(`there is no block ${word || text}; there are if, elif, else and endif`)
}

/** The source cut at its marks. */
function marksOf(source: string): Mark[] {
  const marks: Mark[] = []
  const opening = /\{\{|\{%/g
  let at = 0
  for (let open = opening.exec(source); open; open = opening.exec(source)) {
    if (open.index > at) marks.push({ kind: 'text', text: source.slice(at, open.index) })
    const isValue = open[0] === '{{'
    const close = closingAt(source, open.index + 2, isValue ? '}}' : '%}')
    if (close === null) throw new TemplateError(`${open[0]} is not closed`)
    const inner = source.slice(open.index + 2, close).replace(/^-|-$/g, '')
    marks.push({ kind: isValue ? 'value' : 'block', text: inner.trim() })
    at = close + 2
    opening.lastIndex = at
  }
  if (at < source.length) marks.push({ kind: 'text', text: source.slice(at) })
  return marks
}

/** Where the closing mark stands, quoted texts passed over. */
function closingAt(source: string, start: number, close: string): number | null {
  let quote: string | null = null
  for (let at = start; at < source.length; at += 1) {
    const letter = source.charAt(at)
    if (quote !== null) {
      if (letter === '\\') at += 1
      else if (letter === quote) quote = null
    } else if (source.startsWith(close, at)) return at
    else if (letter === '"' || letter === "'") quote = letter
  }
  return null
}
