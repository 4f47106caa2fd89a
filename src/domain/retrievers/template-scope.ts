import type { Ports } from '../../ports/ports.ts'
import { documentAnswer } from '../documents/document-answer.ts'
import type { DocumentRecord } from '../documents/document.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { PlannedStage } from './stage-plan.ts'

/** `CONTEXT` of templates: what runs, where and when. */
export function contextOf(of: {
  ports: Pick<Ports, 'now'>
  namespace: Pick<Namespace, 'id' | 'name'>
  retrieverId: string | null
  /** Null where nothing is executed. */
  executionId: string | null
}): Record<string, unknown> {
  return {
    namespace_id: of.namespace.id,
    namespace_name: of.namespace.name,
    retriever_id: of.retrieverId,
    execution_id: of.executionId,
    now: of.ports.now().toISOString(),
  }
}

/**
 * `STAGE` of templates: by name what the stages before have found, `{output_count, documents}`, the documents as they
 * are answered. Kept only where a later stage reads it, since documents have to be read for it.
 */
export class StagesFound {
  /** Without a prototype: a stage may have any name. */
  readonly stages: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  readonly #namespace: Namespace
  readonly #lastReader: number
  readonly #plan: readonly PlannedStage[]

  constructor(namespace: Namespace, plan: readonly PlannedStage[]) {
    this.#namespace = namespace
    this.#plan = plan
    this.#lastReader = plan.findLastIndex(({ namespaces }) => namespaces.has('stage'))
  }

  isNeededAfter(stage: PlannedStage): boolean {
    return this.#lastReader > 0 && this.#plan.indexOf(stage) < this.#lastReader
  }

  add(name: string, found: readonly DocumentRecord[]): void {
    const options = { namespace: this.#namespace, vectors: false }
    const documents = found.map((record) => ({
      ...documentAnswer(record, options),
      score: record.score,
    }))
    this.stages[name] = { output_count: documents.length, documents }
  }
}
