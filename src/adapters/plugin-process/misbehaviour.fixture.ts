import type { ExtractionFailureType } from '../../ports/extractor-runtime.ts'

/** What a plugin does when it comes to its bad row, and what becomes of that row. */
export interface Misbehaviour {
  name: string
  /** Python, run where the bad row is in the `batch`; `bads` says of each row whether it is the one. */
  step: string
  before?: string
  outcome:
    | { type: ExtractionFailureType | readonly ExtractionFailureType[]; message: RegExp }
    | { skipped: RegExp }
    /** It is let do it: the row is written, with so many documents. */
    | { documents: number }
  /** Held off by a wall of the kernel: tier `process` may lack it. */
  isWalled?: true
  /** It ends its process, or leaves it spoiled: it has a plugin of its own. */
  isFatal?: true
  /** What is wrong with the frame as a whole is wrong with the other row too. */
  spoilsBatch?: true
}
