import { commands } from '../src/cli/commands.ts'
import { settings } from '../src/config.ts'
import { failureReference } from '../src/domain/failure.ts'
import { statusOf } from '../src/http/errors.ts'
import { openApiDocument } from '../src/http/openapi.ts'
import { routes } from '../src/http/routes.ts'
import shapes from '../test/conformance/shapes.json' with { type: 'json' }
import { renderNotices } from './notices.ts'

/** A generated page: its path from the root, and what it says. `test/docs/references.test.ts` compares both. */
export interface Reference {
  path: string
  render: () => Promise<string>
}

export const references: readonly Reference[] = [
  {
    path: 'docs/reference/openapi.json',
    render: async () => openApiPage(),
  },
  { path: 'docs/reference/settings.md', render: async () => settingsPage() },
  { path: 'docs/reference/failures.md', render: async () => failuresPage() },
  { path: 'docs/reference/cli.md', render: async () => cliPage() },
  { path: 'docs/reference/coverage.md', render: async () => coveragePage() },
  { path: 'THIRD_PARTY_NOTICES.md', render: renderNotices },
]

const generated = '<!-- written by `npm run docs` -->'

/** A line an operation: a change shows where it is, and the file stays half as long. */
function openApiPage(): string {
  const { paths, ...rest } = openApiDocument(routes)
  const operations = Object.entries(paths as Record<string, object>).map(([path, methods]) => {
    const lines = Object.entries(methods).map(
      ([method, operation]) => `   ${JSON.stringify(method)}: ${JSON.stringify(operation)}`,
    )
    return `  ${JSON.stringify(path)}: {\n${lines.join(',\n')}\n  }`
  })
  const head = JSON.stringify(rest, null, 1).slice(0, -2)
  return `${head},\n "paths": {\n${operations.join(',\n')}\n }\n}\n`
}

function settingsPage(): string {
  const rows = Object.values(settings).map(({ variable, meaning, schema }) => {
    const fallback = schema.safeParse(undefined)
    const value =
      fallback.success && fallback.data !== undefined
        ? `\`${perMachine(variable, fallback.data)}\``
        : '–'
    return `| \`${variable}\` | ${meaning} | ${value} |`
  })
  return `# Settings\n\n${generated}\n\nEach is an environment variable, and a flag of \`nacre serve\` (\`NACRE_PORT\` → \`--port\`).\n\n| variable | meaning | default |\n|---|---|---|\n${rows.join('\n')}\n`
}

/** Defaults that follow the machine's cores are named, not printed. */
function perMachine(variable: string, value: unknown): string {
  if (variable === 'NACRE_EMBEDDING_THREADS') return 'cores'
  if (variable === 'NACRE_ENGINE_CONCURRENCY_MAX') return '2 × cores'
  return String(value)
}

function failuresPage(): string {
  const rows = failureReference.map(
    ({ code, type, kind }) => `| \`${type}\` | ${statusOf(kind)} | \`${code}\` |`,
  )
  return `# Failures\n\n${generated}\n\nEvery 4xx and 5xx is an envelope: \`{"success": false, "status", "error": {"message", "type", "details"}}\`. \`type\` is the word to act on.\n\n| type | status | our code |\n|---|---|---|\n${rows.join('\n')}\n`
}

function cliPage(): string {
  const parts = commands.map(({ name, summary, arguments: given = [], flags = [] }) => {
    const words = given.map((one) => (one.required ? `<${one.name}>` : `[${one.name}]`)).join(' ')
    const lines = [
      ...given.map((one) => `- \`${one.name}\`: ${one.summary}`),
      ...flags.map((one) => `- \`${one.flags}\`: ${one.summary}`),
    ]
    return `${`## nacre ${name} ${words}`.trim()}\n\n${summary}\n\n${lines.join('\n')}`.trim()
  })
  return `# Command line\n\n${generated}\n\nEvery command takes \`--json\` and its settings as flags. Exit codes: 0 well, 1 a bug, 2 wrong usage or settings, 3 key or permission, 4 not found, 5 conflict or data folder in use, 6 unavailable.\n\n${parts.join('\n\n')}\n`
}

function coveragePage(): string {
  const served = new Set(routes.map((route) => `${route.method} ${shapeOf(route.path)}`))
  const known = new Set(shapes.operations.map(({ method, path }) => `${method} ${shapeOf(path)}`))
  const isServed = ({ method, path }: Operation) => served.has(`${method} ${shapeOf(path)}`)
  const groups = Map.groupBy<string, Operation>(shapes.operations, ({ path }) => nounOf(path))
  const counts = [...groups].map(
    ([noun, all]) => `| ${noun} | ${all.filter(isServed).length} | ${all.length} |`,
  )
  const rows = shapes.operations.map(
    (one) => `| ${one.method} \`${one.path}\` | ${isServed(one) ? 'yes' : 'not yet'} |`,
  )
  const ours = routes
    .filter((route) => !known.has(`${route.method} ${shapeOf(route.path)}`))
    .map(({ method, path, summary }) => `| ${method} \`${path}\` | ${summary} |`)
  const count = shapes.operations.filter(isServed).length
  return `# Coverage of the original's contract

${generated}

**${count} of ${shapes.operations.length} operations are served.** \`test/conformance\` calls each of them on a running server and holds status and answer to the contract's schema; an operation that was ever served cannot disappear unnoticed.

| noun | served | in the contract |
|---|---|---|
${counts.join('\n')}

## Each operation

| operation | served |
|---|---|
${rows.join('\n')}

## Ours

Beside the contract:

| operation | what it does |
|---|---|
${ours.join('\n')}
`
}

type Operation = (typeof shapes.operations)[number]

/** `/v1/buckets/{bucket_id}/objects` → `buckets`. */
function nounOf(path: string): string {
  return path.split('/')[2] ?? path
}

function shapeOf(path: string): string {
  return path.replace(/\{[^}]+\}/g, '{}').replace(/\/$/, '')
}
