import type { Route } from '../../src/http/route.ts'
import type { Attack } from './attacks.ts'

/** How one route answered one attack. */
export interface Cell {
  route: Route
  attack: string
  trials: number
  statuses: readonly number[]
}

/** The matrix as a page: a row each route, a column each attack, in each cell what was answered. */
export function renderReport(
  routes: readonly Route[],
  attacks: readonly Attack[],
  cells: readonly Cell[],
): string {
  const head = ['route', 'needs', ...attacks.map(({ name }) => name)]
  const rows = routes.map((route) => [
    `${route.method} \`${route.path}\``,
    route.access,
    ...attacks.map(({ name }) => said(cells, route, name)),
  ])
  const trials = cells.reduce((sum, cell) => sum + cell.trials, 0)
  const line = (values: readonly string[]) => `| ${values.join(' | ')} |`
  return `# Isolation

<!-- written by \`NACRE_ISOLATION_REPORT=1 node scripts/test.ts test/isolation/isolation.test.ts\` -->

Two organizations with equal names on one server, ${routes.length} routes, ${attacks.length} ways to reach for what is another's: ${trials} requests.
No answer told another's words, ids or counts, none changed anything of another's, and a foreign id was answered in
the same words as one that nobody has. A cell says what was answered, – that the way does not apply.

${line(head)}
${line(head.map(() => '---'))}
${rows.map(line).join('\n')}
`
}

function said(cells: readonly Cell[], route: Route, attack: string): string {
  const cell = cells.find((one) => one.route === route && one.attack === attack)
  return cell && cell.trials > 0 ? cell.statuses.toSorted((a, b) => a - b).join(', ') : '–'
}
