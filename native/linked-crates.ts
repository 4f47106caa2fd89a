import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { NativeCrate } from './native-crate.ts'

/** One crate whose code is in the binary, as THIRD_PARTY_NOTICES needs it. */
export interface LinkedCrate {
  name: string
  version: string
  /** SPDX expression. */
  license: string
  repository: string | null
  /** The copyright lines of its licence files. */
  copyright: string[]
}

interface Metadata {
  packages: {
    id: string
    name: string
    version: string
    license: string | null
    repository: string | null
    manifest_path: string
    targets: { kind: string[] }[]
  }[]
  resolve: { root: string; nodes: Node[] }
}
interface Node {
  id: string
  deps: { pkg: string; dep_kinds: { kind: string | null }[] }[]
}

/** The crates linked into the prebuilt, ours left out, and the version of the main one. */
export function linkedCrates(
  crate: NativeCrate,
  toolchainFlags: string[],
): { packages: LinkedCrate[]; version: string } {
  const { packages, resolve } = metadata(crate, toolchainFlags)
  const reached = reachable(resolve, new Set(packages.filter(isProcMacro).map(({ id }) => id)))
  const linked = packages
    .filter(({ id }) => id !== resolve.root && reached.has(id))
    .map((found) => ({
      name: found.name,
      version: found.version,
      license: found.license ?? 'see its repository',
      repository: found.repository,
      copyright: copyrightLines(dirname(found.manifest_path)),
    }))
  const version = packages.find(({ name }) => name === crate.mainCrate)?.version ?? 'unknown'
  return { packages: linked.toSorted((a, b) => (a.name < b.name ? -1 : 1)), version }
}

function metadata({ folder, prebuilt }: NativeCrate, toolchainFlags: string[]): Metadata {
  const target = prebuilt.target ?? 'x86_64-unknown-linux-gnu'
  const query = `metadata --format-version 1 --locked --filter-platform ${target}`
  const answer = spawnSync('cargo', [...toolchainFlags, ...query.split(' ')], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (answer.status !== 0) throw new Error(`cargo metadata failed: ${answer.stderr}`)
  return JSON.parse(answer.stdout) as Metadata
}

function isProcMacro({ targets }: Metadata['packages'][number]): boolean {
  return targets.some(({ kind }) => kind.includes('proc-macro'))
}

/** Along normal dependencies only: what builds or expands code is not in the binary. */
function reachable(resolve: Metadata['resolve'], unlinked: ReadonlySet<string>): Set<string> {
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const reached = new Set<string>()
  const queue = [resolve.root]
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (reached.has(id) || unlinked.has(id)) continue
    reached.add(id)
    for (const { pkg, dep_kinds } of nodes.get(id)?.deps ?? []) {
      if (dep_kinds.some(({ kind }) => kind === null)) queue.push(pkg)
    }
  }
  return reached
}

function copyrightLines(folder: string): string[] {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
  const lines = files.flatMap((file) => {
    try {
      return readFileSync(join(folder, file), 'utf8').split('\n')
    } catch {
      return [] // a folder of licences; the SPDX expression stands in any case
    }
  })
  const found = lines
    .map((line) => line.trim())
    .filter(
      (line) => /^copyright (\(c\)|©|\d{4}|[A-Z])/i.test(line) && !/\[yyyy\]|\{yyyy\}/.test(line),
    )
  return [...new Set(found)]
}
