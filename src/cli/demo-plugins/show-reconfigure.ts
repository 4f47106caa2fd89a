import { planTable, type ReconfigureReport } from '../reconfigure/plan-table.ts'
import { vectorShapes } from '../reconfigure/vector-shapes.ts'
import type { DemoNamespace } from './demo-namespace.ts'

interface Way {
  strategy: 'online' | 'recreate'
}

/** The plan as a table, as `nacre reconfigure --dry-run` prints it. */
export async function showPlan(demo: DemoNamespace, way: Way): Promise<ReconfigureReport> {
  const plan = await post<ReconfigureReport>(demo, '', { dry_run: true, ...way })
  const shapes = await vectorShapes(demo.client, demo.namespaceId)
  for (const line of planTable(plan, shapes)) demo.print(line)
  return plan
}

/** Does it, and says how long the answer took. */
export async function reconfigureNow(
  demo: DemoNamespace,
  way: Way,
): Promise<{ report: ReconfigureReport; ms: number }> {
  const start = performance.now()
  const report = await post<ReconfigureReport>(demo, '', { confirm: true, ...way })
  return { report, ms: performance.now() - start }
}

/** Brings the earlier generation back. */
export async function undoNow(demo: DemoNamespace): Promise<{ message: string; ms: number }> {
  const start = performance.now()
  const { message } = await post<{ message: string }>(demo, '/undo', {})
  return { message, ms: performance.now() - start }
}

function post<T>({ client, namespaceId }: DemoNamespace, tail: string, body: object): Promise<T> {
  return client.call('POST', `/v1/namespaces/${namespaceId}/plugins/reconfigure${tail}`, body)
}
