import { tableLines } from '../table.ts'

/** What the server answers to a reconfigure, dry or not, as far as the table shows it. */
export interface ReconfigureReport {
  status: 'reconfigured' | 'no_changes_needed'
  previous_points_count: number
  collections_to_reprocess: string[]
  message: string
  plan: {
    strategy: 'recreate' | 'online'
    vectors: { kept: string[]; added: string[]; changed: string[]; orphaned: string[] }
    points_deleted: number
    points_copied: number
    points_refused: number
    disk_bytes: number
    obstacles: string[]
  }
  undo_until: string | null
  tasks?: string[]
}

/** The plan as a table: a line a vector, then what becomes of the documents. `shapes`: vector → `128 cosine`. */
export function planTable(
  report: ReconfigureReport,
  shapes: ReadonlyMap<string, string>,
): string[] {
  const { plan, previous_points_count: points, collections_to_reprocess: collections } = report
  const { strategy, vectors } = plan
  const row = (change: string) => (name: string) => [name, shapes.get(name) ?? '', change]
  const fate = strategy === 'online' ? 'kept, though nothing fills it' : 'gone: nothing fills it'
  const rows = [
    ...vectors.kept.map(row('kept')),
    ...vectors.added.map(row('added')),
    ...vectors.changed.map(row('made anew: its definition changes')),
    ...vectors.orphaned.map(row(fate)),
  ]
  return [
    ...tableLines([['vector', 'shape', strategy], ...rows]).map(indented),
    ...tableLines([
      ['documents', `${points}`],
      ['  deleted', `${plan.points_deleted}`],
      ['  carried over', `${plan.points_copied}`],
      ...(plan.points_refused > 0 ? [['  in the way', `${plan.points_refused}`]] : []),
      ['disk needed', sizeText(plan.disk_bytes)],
      ['to trigger again', collections.length === 0 ? 'no collection' : collections.join(', ')],
    ]).map(indented),
    ...plan.obstacles.map((obstacle) => `✗ ${obstacle}`),
  ]
}

function indented(line: string): string {
  return `  ${line}`
}

/** `1.2 MB`; powers of 1000, as disks are sold. */
function sizeText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let [value, unit] = [bytes, 0]
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1]
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
