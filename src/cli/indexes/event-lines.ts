import { wrapped } from '../wrapped.ts'
import type { EventAnswer } from './decision-answer.ts'

/** Of a field's name; a name may have 255. */
export const fieldCharactersMax = 30

/** A step as lines of a log: `10:04:05  year  censused → building`, then why, indented. */
export function eventLines(event: EventAnswer, width: number): string[] {
  const time = new Date(event.at).toTimeString().slice(0, 8)
  const head = `${time}  ${cut(event.path, fieldCharactersMax)}  ${stepOf(event)}`
  const why = detailText(event)
  return why === '' ? [head] : [head, wrapped(why, { width, indent: 10 })]
}

function stepOf({ kind, from, to, detail }: EventAnswer): string {
  const { action } = detail
  if (kind === 'guard') return `guard: ${typeof action === 'string' ? action : 'acted'}`
  return from === null || from === to ? `${to}` : `${from} → ${to}`
}

/** The sentence of a detail where it has one, else one of its plain values. */
function detailText({ kind, detail }: EventAnswer): string {
  const { reason, filtered_24h: filters, exceptions, type, action } = detail
  if (typeof reason === 'string') return reason
  if (typeof filters === 'number') return `Filtered ${filters} times in 24 hours.`
  if (kind === 'guard' && typeof exceptions === 'number' && action === 'exception')
    return `The index of type ${String(type)} cannot hold the values of ${counted(exceptions)}, which ${exceptions === 1 ? 'is' : 'are'} tested beside it.`
  return Object.entries(detail)
    .filter(([name, value]) => !told.has(name) && isPlain(value))
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${String(value)}`)
    .join(', ')
}

/** Stand in the step already. */
const told: ReadonlySet<string> = new Set(['action', 'event'])

function isPlain(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

function counted(documents: number): string {
  return documents === 1 ? '1 document' : `${documents.toLocaleString('en')} documents`
}

/** At most so many characters. */
export function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text
}

/** `2026-11-22 23:04`, in the time zone of whoever reads. */
export function timeText(iso: string): string {
  const at = new Date(iso)
  const two = (value: number) => `${value}`.padStart(2, '0')
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-')
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`
}
