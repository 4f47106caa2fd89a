import type { Client } from '../demo/client.ts'

/** Searches that go on and on, beside whatever else is done. */
export interface ConstantSearches {
  /** Ends them once those under way are answered. */
  stop(): Promise<SearchReport>
}

export interface SearchReport {
  reads: number
  /** Answered with an error. */
  failed: number
  /** Answered well, and without a document. */
  empty: number
  /** The first failure, in the server's words. */
  firstFailure: string | null
  p50Ms: number
  p99Ms: number
}

const lanes = 4

/** Runs a retriever over these inputs in four lanes until it is stopped. */
export function startSearches(
  client: Client,
  retrieverId: string,
  inputs: readonly object[],
): ConstantSearches {
  const path = `/v1/retrievers/${retrieverId}/execute`
  const times: number[] = []
  const failures: string[] = []
  let empty = 0
  let isOver = false

  async function search(input: object): Promise<void> {
    const start = performance.now()
    const body = { inputs: input }
    const { documents } = await client.call<{ documents: unknown[] }>('POST', path, body)
    times.push(performance.now() - start)
    if (documents.length === 0) empty += 1
  }
  async function run(lane: number): Promise<void> {
    for (let i = lane; !isOver; i++) {
      const input = inputs[i % inputs.length] ?? {}
      await search(input).catch((error: unknown) => failures.push(String(error)))
    }
  }

  const running = Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)))
  return {
    async stop() {
      isOver = true
      await running
      const sorted = times.toSorted((a, b) => a - b)
      const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0
      return {
        reads: times.length + failures.length,
        failed: failures.length,
        empty,
        firstFailure: failures[0] ?? null,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
      }
    },
  }
}

/** `reads made: 1,204, failed: 0; p50 1.2 ms, p99 4.0 ms`. */
export function searchLine({ reads, failed, empty, p50Ms, p99Ms }: SearchReport): string {
  const count = (value: number) => value.toLocaleString('en')
  const without = empty > 0 ? `, without a document: ${count(empty)}` : ''
  return `reads made: ${count(reads)}, failed: ${count(failed)}${without}; p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`
}
