import { performance } from 'node:perf_hooks'

const width = 24
/** Off a terminal a line is written this often, and where something is done. */
const quietMs = 10_000
const redrawMs = 100

/** A line that is redrawn in place on a terminal; elsewhere one now and then. */
export class Progress implements Disposable {
  readonly #print: (line: string) => void
  readonly #isQuiet: boolean
  #startedAt = performance.now()
  #drawnAt = 0
  #first: number | null = null
  #isDrawn = false

  constructor({ print, isJson }: { print: (line: string) => void; isJson: boolean }) {
    this.#print = print
    this.#isQuiet = isJson
  }

  /** What follows is about something else. */
  begin(): void {
    this.#startedAt = performance.now()
    this.#first = null
    this.#drawnAt = 0
  }

  /** `of` may be 0, or less than what is done, where nobody knows. */
  draw(label: string, done: number, of: number, unit: string): void {
    if (this.#isQuiet) return
    this.#first ??= done
    const now = performance.now()
    const everyMs = process.stdout.isTTY ? redrawMs : quietMs
    if (now - Math.max(this.#drawnAt, process.stdout.isTTY ? 0 : this.#startedAt) < everyMs) return
    this.#drawnAt = now
    const seconds = Math.max(0.001, (now - this.#startedAt) / 1000)
    const rate = Math.round((done - this.#first) / seconds)
    const share = of === 0 ? 1 : Math.min(1, done / of)
    const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░')
    const text = `  ${label}  ${bar}  ${figure(done)} of ${figure(Math.max(of, done))} ${unit}, ${figure(rate)}/s`
    if (!process.stdout.isTTY) return this.#print(text)
    process.stdout.write(`\r${text}\x1b[K`)
    this.#isDrawn = true
  }

  /** What is done now, where it is not counted; on a terminal only. */
  phase(label: string, text: string): void {
    if (this.#isQuiet || !process.stdout.isTTY) return
    process.stdout.write(`\r  ${label}  ${text} …\x1b[K`)
    this.#isDrawn = true
  }

  /** A line that stays, in place of the one that is drawn. */
  say(line: string): void {
    if (this.#isQuiet) return
    this[Symbol.dispose]()
    this.#print(line)
  }

  /** Clears the line that is drawn. */
  [Symbol.dispose](): void {
    if (this.#isDrawn) process.stdout.write('\r\x1b[K')
    this.#isDrawn = false
  }
}

/** 1,234,567. */
export function figure(value: number): string {
  return value.toLocaleString('en-US')
}

/** `1 namespace`, `1,234 namespaces`. */
export function counted(count: number, noun: string): string {
  return `${figure(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** `85.2 MB`. */
export function bytes(value: number): string {
  if (value < 1e3) return `${value} B`
  if (value < 1e6) return `${(value / 1e3).toFixed(1)} kB`
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(2)} GB`
}
