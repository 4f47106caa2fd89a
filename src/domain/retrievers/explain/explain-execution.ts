import type { Ports } from '../../../ports/ports.ts'
import type { Namespace } from '../../namespaces/namespace.ts'
import { rounded } from '../rounded.ts'
import { explainReads } from './explain-read.ts'
import type { ExecutionTrace } from './execution-trace.ts'
import type { Explanation } from './explanation.ts'
import { askedFor, whyShort, type Outcome } from './why-short.ts'

/**
 * What an execution did and why its answer is not longer, measured after the fact by counting and by searching again;
 * documents that were written meanwhile may count. Runs only where it was asked for.
 */
export async function explainExecution(
  ports: Ports,
  namespace: Namespace,
  done: Omit<Outcome, 'reads' | 'trace'> & { trace: ExecutionTrace },
  signal: AbortSignal,
): Promise<Explanation> {
  const startedAt = performance.now()
  const reads = await explainReads({ ports, namespace, signal }, done.trace.reads)
  const outcome: Outcome = { ...done, reads }
  const asked = askedFor(outcome)
  const returned = done.results.documents.length
  return {
    asked,
    returned,
    is_short: returned < asked,
    why_short: whyShort(outcome),
    reads: reads.map(({ explained }) => explained),
    explain_ms: rounded(performance.now() - startedAt),
  }
}
