import type { Profiler } from 'node:inspector'

export interface Share {
  name: string
  /** Of the time in which the thread was not idle, in percent. */
  percent: number
}

/** Largest first. */
export interface Shares {
  idlePercent: number
  areas: Share[]
  functions: Share[]
}

/** Time of each node itself, without those it called. */
export function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Shares {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const callers = new Map(
    nodes.flatMap(({ callFrame, children = [] }) => children.map((id) => [id, callFrame] as const)),
  )
  const areas = new Map<string, number>()
  const functions = new Map<string, number>()
  let [total, idle] = [0, 0]
  for (const [i, id] of samples.entries()) {
    const frame = frames.get(id)
    const time = timeDeltas[i] ?? 0
    if (!frame) continue
    total += time
    if (frame.functionName === '(idle)') idle += time
    else {
      add(areas, areaOf(frame, callers.get(id)), time)
      add(functions, nameOf(frame, callers.get(id)), time)
    }
  }
  const ranked = (times: Map<string, number>): Share[] =>
    [...times]
      .map(([name, time]) => ({ name, percent: (100 * time) / (total - idle) }))
      .toSorted((a, b) => b.percent - a.percent)
  return {
    idlePercent: (100 * idle) / total,
    areas: ranked(areas),
    functions: ranked(functions).slice(0, 15),
  }
}

type Frame = Profiler.ProfileNode['callFrame']

const special: Readonly<Record<string, string>> = {
  '(program)': 'native code and the system, outside every function',
  '(garbage collector)': 'garbage collection',
}

/** A package, one of Node's modules, or a folder of ours; of what is compiled, who called it. */
function areaOf(frame: Frame, caller: Frame | undefined): string {
  const { functionName, url } = frame
  const named = special[functionName]
  if (named) return named
  if (url === '') return nameOf(frame, caller)
  if (url.startsWith('node:')) return `Node: ${moduleOf(url)}`
  const library = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
  if (library) return library
  return /\/(src(?:\/[^/]+){1,2})\//.exec(url)?.[1] ?? url.slice(url.lastIndexOf('/') + 1)
}

/** `node:internal/streams/readable` is `streams`, `node:_http_server` is `http`. */
function moduleOf(url: string): string {
  const [name = ''] = url.replace(/^node:(?:internal\/)?_?/, '').split('/')
  return name.split('_')[0] ?? name
}

function nameOf({ functionName, url, lineNumber }: Frame, caller: Frame | undefined): string {
  const file = url.slice(url.lastIndexOf('/') + 1)
  if (file !== '') return `${functionName || 'anonymous'} (${file}:${lineNumber + 1})`
  if (special[functionName] || !caller) return functionName
  return `compiled ${functionName || 'function'}, called by ${nameOf(caller, undefined)}`
}

function add(times: Map<string, number>, name: string, time: number): void {
  times.set(name, (times.get(name) ?? 0) + time)
}
