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
    render: async () => `${JSON.stringify(openApiDocument(routes), null, 1)}\n`,
  },
  { path: 'docs/reference/settings.md', render: async () => settingsPage() },
  { path: 'docs/reference/failures.md', render: async () => failuresPage() },
  { path: 'docs/reference/cli.md', render: async () => cliPage() },
  { path: 'docs/reference/coverage.md', render: async () => coveragePage() },
  { path: 'THIRD_PARTY_NOTICES.md', render: renderNotices },
]

const generated = '<!-- written by `npm run docs` -->'

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
    return `## nacre ${name} ${words}\n\n${summary}\n\n${lines.join('\n')}`.trim()
  })
  return `# Command line\n\n${generated}\n\nEvery command takes \`--json\` and its settings as flags. Exit codes: 0 well, 1 a bug, 2 wrong usage or settings, 3 key or permission, 4 not found, 5 conflict or data folder in use, 6 unavailable.\n\n${parts.join('\n\n')}\n`
}

function coveragePage(): string {
  const served = new Set(routes.map((route) => `${route.method} ${shapeOf(route.path)}`))
  const rows = shapes.operations.map(({ method, path }) => {
    return `| ${method} \`${path}\` | ${served.has(`${method} ${shapeOf(path)}`) ? 'yes' : 'not yet'} |`
  })
  return `# Coverage of the original's contract\n\n${generated}\n\n| operation | served |\n|---|---|\n${rows.join('\n')}\n`
}

function shapeOf(path: string): string {
  return path.replace(/\{[^}]+\}/g, '{}').replace(/\/$/, '')
}
