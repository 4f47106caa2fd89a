import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { fail, invalid } from '../../failure.ts'
import type { Namespace } from '../../namespaces/namespace.ts'
import { readSelection } from '../read-selection.ts'
import type { FoundDocument, StageCall } from '../stage.ts'
import { stage } from '../stage.ts'
import { valuesOf } from './document-values.ts'
import { fingerprint, isAlike, triplesOf, type Triples } from './text-likeness.ts'

const parameters = {
  strategy: z.enum(['field', 'content']).default('field'),
  fields: z.array(z.string().min(1)).min(1).max(20).optional(),
  content_field: z.string().min(1).default('content'),
  similarity_threshold: z.number().min(0).max(1).default(0.95),
  keep: z.enum(['first', 'last']).default('first'),
  case_sensitive: z.boolean().default(true),
}
const deduplicateParameters = z.object(parameters)
type Given = z.infer<typeof deduplicateParameters>

/**
 * Contract 18, deduplicate: of documents that have the same values, or nearly the same text, one. A document that
 * lacks one of the fields is nobody's duplicate, and stays.
 */
export const deduplicateStage = stage({
  stageId: 'deduplicate',
  category: 'reduce',
  description: 'Keeps one of the documents that are the same',
  icon: 'copy-minus',
  parameters,
  aliases: { field: 'fields', threshold: 'similarity_threshold' },
  normalise(given) {
    const { field, fields = field, ...rest } = given
    if (typeof fields !== 'string') return given
    return { ...rest, fields: fields.includes('{{') ? fields : [fields] }
  },
  check({ strategy, fields }, location) {
    if (strategy === 'field' && fields === undefined)
      throw invalid([...location, 'fields'], 'is missing: whose values are compared', 'missing')
  },
  leavesAtMost: (_, input) => input,
  async run(call, given, selection) {
    const all = await readSelection(call, selection)
    const inTurn = given.keep === 'first' ? all : all.toReversed()
    const { kept, withoutValue } =
      given.strategy === 'field'
        ? distinctByFields(inTurn, given, call.namespace)
        : await distinctByContent(inTurn, given, call)
    const documents = given.keep === 'first' ? kept : kept.toReversed()
    const figures = { documents: all.length, duplicates: all.length - documents.length }
    const message = `${figures.duplicates} of ${all.length} documents are duplicates of others.`
    return {
      selection: { kind: 'read', documents },
      metadata: { ...figures, without_value: withoutValue },
      losses: figures.duplicates > 0 ? [{ reason: 'duplicates', message, figures }] : [],
    }
  },
})

interface Distinct {
  kept: FoundDocument[]
  /** Documents that had nothing to compare. */
  withoutValue: number
}

export function distinctByFields(
  documents: readonly FoundDocument[],
  { fields = [], case_sensitive: isCaseSensitive }: Pick<Given, 'fields' | 'case_sensitive'>,
  namespace: Pick<Namespace, 'id'>,
): Distinct {
  const seen = new Set<string>()
  let withoutValue = 0
  const kept = documents.filter((document) => {
    const values = fields.map((field) => valuesOf(document, field, namespace))
    if (values.some((one) => one.every((value) => value === null))) {
      withoutValue += 1
      return true
    }
    const text = JSON.stringify(values)
    const key = fingerprint(isCaseSensitive ? text : text.toLowerCase())
    const isNew = !seen.has(key)
    seen.add(key)
    return isNew
  })
  return { kept, withoutValue }
}

/** Documents compared before others get their turn. */
const comparisonsPerTurn = 2_000

/** Each document with all that are kept so far: the first of those that are alike stays. */
export async function distinctByContent(
  documents: readonly FoundDocument[],
  given: Pick<Given, 'content_field' | 'similarity_threshold' | 'case_sensitive'>,
  call: Pick<StageCall, 'namespace' | 'signal'> & { ports: { config: Limits } },
): Promise<Distinct> {
  const { content_field: field, similarity_threshold: threshold } = given
  checkSize(documents.length, call.ports.config)
  const kept: FoundDocument[] = []
  const compared: Triples[] = []
  const same = new Set<string>()
  let withoutValue = 0
  let untilTurn = comparisonsPerTurn
  for (const document of documents) {
    const text = textOf(document, field, call.namespace)
    if (text === null) {
      withoutValue += 1
      kept.push(document)
      continue
    }
    const plain = given.case_sensitive ? text : text.toLowerCase()
    const key = fingerprint(plain)
    if (same.has(key)) continue
    const triples = triplesOf(plain)
    untilTurn -= compared.length
    if (untilTurn < 0) {
      untilTurn = comparisonsPerTurn
      await setImmediate()
      call.signal.throwIfAborted()
    }
    if (compared.some((one) => isAlike(one, triples, threshold))) continue
    same.add(key)
    compared.push(triples)
    kept.push(document)
  }
  return { kept, withoutValue }
}

interface Limits {
  contentDuplicatesMax: number
}

function checkSize(count: number, { contentDuplicatesMax: most }: Limits): void {
  if (count <= most) return
  throw fail('bad_request', {
    reason: `${count} documents reach a deduplicate by content, which compares each with each; at most ${most} (NACRE_CONTENT_DUPLICATES_MAX).`,
    hint: 'Put a feature_search or a limit before it, or compare fields.',
  })
}

function textOf(
  document: FoundDocument,
  field: string,
  namespace: Pick<Namespace, 'id'>,
): string | null {
  const texts = valuesOf(document, field, namespace).filter((value) => typeof value === 'string')
  return texts.length === 0 ? null : texts.join('\n')
}
