/** What is counted, with its labels. Names are Prometheus': `nacre_` stands before each, `_total` behind. */
export const counters = {
  index_guard_actions: {
    help: 'What the guard of payload indexes did about values that an index cannot hold.',
    labels: ['action'],
  },
  index_decisions: {
    help: 'Transitions of payload indexes that make themselves, by the state that was reached.',
    labels: ['state'],
  },
  jobs: { help: 'Jobs that ended, by name and outcome.', labels: ['job', 'outcome'] },
  http_requests: { help: 'Requests that were answered, by status class.', labels: ['status'] },
} as const
export type CounterName = keyof typeof counters
type Labels<N extends CounterName> = Record<(typeof counters)[N]['labels'][number], string>

/** Counts of this process, for Prometheus. Labels are of a few known words, never ids or names of users. */
export interface Metrics {
  /** Never throws; costs less than a microsecond. */
  count<N extends CounterName>(name: N, labels: Labels<N>, by?: number): void
  /** All of them and the process's own, in Prometheus' text format. */
  text(): Promise<string>
  /** The media type of `text`. */
  readonly contentType: string
}
