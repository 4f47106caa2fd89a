import { collectDefaultMetrics, Counter, Registry } from 'prom-client'
import { counters, type CounterName, type Metrics } from '../../ports/metrics.ts'

/** `Metrics` on a registry of its own, so that two in one process do not add up. */
export function openMetrics(): Metrics {
  const registry = new Registry()
  const made = new Map<CounterName, Counter>()
  for (const [name, { help, labels }] of Object.entries(counters)) {
    const counter = new Counter({
      name: `nacre_${name}_total`,
      help,
      labelNames: labels,
      registers: [registry],
    })
    made.set(name as CounterName, counter)
  }
  let isFirst = true
  return {
    contentType: registry.contentType,
    count(name, labels, by = 1) {
      made.get(name)?.inc(labels, by)
    },
    async text() {
      // They cost timers of their own: not before somebody looks.
      if (isFirst) collectDefaultMetrics({ register: registry })
      isFirst = false
      return await registry.metrics()
    },
  }
}
