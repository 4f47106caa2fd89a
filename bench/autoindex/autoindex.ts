import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DecisionAnswer } from '../../src/cli/indexes/decision-answer.ts'
import { openBenchServer } from '../support/bench-server.ts'
import { machine } from '../support/statistics.ts'
import { askBareEngine } from './bare-engine.ts'
import { crossBesideWrites } from './beside-writes.ts'
import { ofOneField, ofTwoFields, type Case } from './cases.ts'
import { cross } from './crossing.ts'
import { dimensions, documentsTotal } from './data.ts'
import { allDecided } from './decisions.ts'
import { measureCase, measureTrap, queriesPerCase, type Measured } from './measure.ts'
import { report, type Change, type Results } from './report.ts'
import { openStage, setAuto, type Stage } from './stage.ts'
import { traps } from './traps.ts'
import { Truth } from './truth.ts'
import { Workload } from './workload.ts'

const cases = [...ofOneField, ...ofTwoFields]
const decisionsWaitMs = 900_000

/**
 * 100,000 documents with vectors of their own over HTTP, and nothing said about indexes: how long until a hot field has
 * one, what that does to writes, what it is worth for each type and selectivity, and what counting alone would have done.
 * Every setting is the default.
 */
export async function autoindex(write: (line: string) => void): Promise<void> {
  write(`# autoindex: ${documentsTotal} documents, ${dimensions} dimensions (${machine()})\n`)
  await using folder = await mkdtempDisposable(join(tmpdir(), 'nacre-bench-'))
  const { namespaceId, ...measured } = await overHttp(write, folder.path)
  const bare = await askBareEngine(folder.path, namespaceId)
  report(write, { ...measured, bare })
}

async function overHttp(
  write: (line: string) => void,
  folder: string,
): Promise<Omit<Results, 'bare'> & { namespaceId: string }> {
  await using server = await openBenchServer(folder)
  const stage = await openStage(write, server.client)
  const quiet = await cross(stage, 'fresh')
  const beside = await crossBesideWrites(stage, 'fresh_beside_writes')
  await setAuto(stage, false)
  const truth = new Truth()
  const before = await measureAll(stage, truth)
  await setAuto(stage, true)
  const decisions = await decideAll(stage)
  const after = await measureAll(stage, truth)
  return { namespaceId: stage.namespaceId, quiet, beside, decisions, ...joined(before, after) }
}

interface All {
  ofCases: Map<Case, Measured>
  ofTraps: Map<string, Measured>
}

async function measureAll(stage: Stage, truth: Truth): Promise<All> {
  const ofCases = new Map<Case, Measured>()
  for (const one of cases) ofCases.set(one, await measureCase(stage, truth, one))
  const ofTraps = new Map<string, Measured>()
  for (const trap of traps) ofTraps.set(trap.field, await measureTrap(stage, trap))
  return { ofCases, ofTraps }
}

function joined(before: All, after: All): Pick<Results, 'ofCases' | 'ofTraps'> {
  return {
    ofCases: joinedBy(before.ofCases, after.ofCases),
    ofTraps: joinedBy(before.ofTraps, after.ofTraps),
  }
}

function joinedBy<K>(before: Map<K, Measured>, after: Map<K, Measured>): Map<K, Change> {
  const all = new Map<K, Change>()
  for (const [key, half] of before) {
    const other = after.get(key)
    if (other) all.set(key, { before: half, after: other })
  }
  return all
}

/** Filters by every field go on until each is decided about. */
async function decideAll(stage: Stage): Promise<Map<string, DecisionAnswer>> {
  await using workload = new Workload(stage, 0, [
    ...cases.map((one) => (at: number) => one.ask(at).filter),
    ...traps.map((trap) => trap.filter),
  ])
  const fields = [...cases.flatMap((one) => one.fields), ...traps.map(({ field }) => field)]
  const started = performance.now()
  const decisions = await allDecided(stage, [...new Set(fields)], decisionsWaitMs)
  const seconds = (performance.now() - started) / 1000
  stage.write(
    `${queriesPerCase} queries of each filter, then ${workload.answered} of all until every field was decided about: ${seconds.toFixed(0)} s; ${workload.failed} failed`,
  )
  return decisions
}
