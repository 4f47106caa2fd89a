import type { ReadTrace, TracedRead } from '../../documents/read-trace.ts'
import type { Loss } from '../stage.ts'

/** One stage as it ran: how many documents it was given and left; null where none had been read by then. */
export interface TracedStage {
  name: string
  stageId: string
  /** Templates filled in. */
  parameters: Readonly<Record<string, unknown>>
  input: number | null
  /** Before its post_filters. */
  output: number | null
  /** Where post_filters were tested on documents in memory: how many of them stayed. */
  kept: number | null
  /** The stage's own words on what it left out. */
  losses: readonly Loss[]
}

/** A read, and the stages that it carries out: its own, and those that only described what is to be read. */
export type StagedRead = TracedRead & {
  stages: string[]
  /** Of the page that is answered: the fields that it is sorted by. */
  sortedBy: string[] | null
}

/** What one execution did, for who asked to have it explained. */
export class ExecutionTrace implements ReadTrace {
  readonly stages: TracedStage[] = []
  readonly reads: StagedRead[] = []
  #pushedDown: string[] = []
  #running: string[] = []
  #sortedBy: string[] | null = null
  #held: number | null = null

  begins(name: string): void {
    this.#held = null
    this.#running = [...this.#pushedDown, name]
  }

  ends(stage: TracedStage): void {
    this.stages.push({ ...stage, input: stage.input ?? this.#held })
    this.#pushedDown = stage.output === null && stage.kept === null ? this.#running : []
  }

  /** What is left to be read is the page that is answered, in this order. */
  finishes(sortedBy: string[]): void {
    this.#running = this.#pushedDown
    this.#sortedBy = sortedBy.length > 0 ? sortedBy : null
  }

  held(documents: number): void {
    this.#held ??= documents
  }

  told(read: TracedRead): void {
    this.reads.push({ ...read, stages: [...this.#running], sortedBy: this.#sortedBy })
  }
}
