import { TemplateError } from './expression.ts'

/** Letters that cost as much as one value. */
const lettersPerStep = 16

/** What filling in the templates of one stage may cost: values looked at, and letters made. */
export class TemplateSteps {
  #left: number
  constructor(stepsMax: number) {
    this.#left = stepsMax
  }

  /** Throws TemplateError where too much was done. */
  take(steps = 1): void {
    this.#left -= steps
    if (this.#left < 0)
      throw new TemplateError('it takes too many steps (NACRE_TEMPLATE_STEPS_MAX)')
  }

  /** The same text, counted. */
  text(made: string): string {
    this.take(Math.ceil(made.length / lettersPerStep))
    return made
  }
}
