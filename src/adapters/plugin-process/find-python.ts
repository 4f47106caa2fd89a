import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'

/** Where the Python side of this host lies: `nacre_host/`, and the two programs beside it. */
export const pythonFolder = fileURLToPath(new URL('../../../python', import.meta.url))

const Answer = z.object({
  path: z.string(),
  executePaths: z.array(z.string()),
  version: z.string(),
  isFitting: z.boolean(),
  /** Interpreter, version and platform: packages made for one tag fit no other. */
  tag: z.string(),
  readPaths: z.array(z.string()),
  packages: z.record(z.string(), z.string().nullable()),
  home: z.string(),
  install: z.record(z.string(), z.string()),
})

/** A Python of 3.10 or later, as it describes itself. */
export type Python = Readonly<z.infer<typeof Answer>>

/** None fits; the message says what was found and what to install. */
export class NoPython extends Error {
  override readonly name = 'NoPython'
}

const candidates = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10']
const askTimeoutMs = 20_000
const remedy = 'Install Python 3.10 or later, or name one by NACRE_PYTHON.'

/**
 * The Python of the setting alone; without one the first on the PATH that has what plugins need or can be given it,
 * else the first of 3.10 or later. Throws `NoPython`.
 */
export async function findPython(given?: string): Promise<Python> {
  const refused: string[] = []
  let fitting: Python | null = null
  for (const candidate of given === undefined ? candidates : [given]) {
    const found = await ask(candidate)
    if (typeof found === 'string') refused.push(`${candidate}: ${found}`)
    else if (hasBasePackages(found) || found.packages.pip) return found
    else fitting ??= found
  }
  if (fitting !== null) return fitting
  throw new NoPython(`No Python 3.10 or later was found (${refused.join('; ')}). ${remedy}`)
}

/** What the host itself imports (plugin-contract 10). */
export function hasBasePackages({ packages }: Python): boolean {
  return (
    isAtLeast(packages.pandas, 2, 2) &&
    isAtLeast(packages.pydantic, 2, 0) &&
    isAtLeast(packages.numpy, 1, 0)
  )
}

/** The reason where it is none. */
async function ask(candidate: string): Promise<Python | string> {
  try {
    const { stdout } = await promisify(execFile)(
      candidate,
      ['-I', '-B', `${pythonFolder}/describe.py`],
      { timeout: askTimeoutMs },
    )
    const answer = Answer.parse(JSON.parse(stdout))
    return answer.isFitting ? answer : `is Python ${answer.version}`
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'not there'
    return `does not run (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`
  }
}

function isAtLeast(version: string | null | undefined, major: number, minor: number): boolean {
  const [have = 0, haveMinor = 0] = (version ?? '').split('.').map((part) => Number.parseInt(part))
  return have > major || (have === major && haveMinor >= minor)
}
