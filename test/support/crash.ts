import type { Ports } from '../../src/ports/ports.ts'
import { cachedNouns } from '../../src/store/cache.ts'
import { Doom, type CrashPoint, type Steps } from './doom.ts'
import { mortalHolder, mortalPorts } from './mortal-ports.ts'

/** What one crash is tried on: living ports, and whatever the scenario and the check need to know. */
export interface World<S> {
  ports: Ports
  state: S
}

/** `npm run soak` dies at every call, on both sides of it; the test line wherever a death leaves something else. */
export const isSoak = process.env['NACRE_CRASH_STRIDE'] === '1'

/**
 * Runs `scenario` again and again, dying at another of its steps each time, and then `check` on what a second start
 * finds. In the test line the steps are its effects (`isPortEffect`, `Session`), each as it is done; a COMMIT, and the
 * first, before it as well. In soak they are all calls, both sides. After the crash every port and connection of the
 * first process is dead, so that no `finally` of it can mend anything; leases it held run out. `stride`: in the test
 * line only every so manieth effect, for scenarios of hundreds. Answers how often it died.
 */
export async function everyCrash<S>(
  open: () => Promise<World<S>>,
  scenario: (ports: Ports, state: S) => Promise<unknown>,
  check: (ports: Ports, state: S, point: CrashPoint) => Promise<void>,
  { stride = 1 }: { stride?: number } = {},
): Promise<number> {
  let deaths = 0
  const die = async (at: Pick<CrashPoint, 'call' | 'when'>): Promise<CrashPoint | null> => {
    const { ports, state } = await open()
    const { died, error } = await runUntil(ports, at, isSoak ? 'calls' : 'effects', (mortal) =>
      scenario(mortal, state),
    )
    if (died === null && error !== null) throw error
    if (died === null) return null
    deaths += 1
    await named(died, () => check(ports, state, died))
    return died
  }
  for (let call = 0; ; call += isSoak ? 1 : stride) {
    const died = await die({ call, when: 'after' })
    if (died === null) return deaths
    const leavesAnother = isSoak || call === 0 || died.name === 'commit'
    if (leavesAnother) await die({ call, when: 'before' })
  }
}

/**
 * Runs `scenario` once, dying at one of its steps. Answers where it died, or null and what it answered or threw where it
 * made fewer. Afterwards every lease has run out and every cache is empty, as a second start finds them.
 */
export async function crashAt<T>(
  ports: Ports,
  at: Pick<CrashPoint, 'call' | 'when'>,
  scenario: (ports: Ports) => Promise<T>,
  steps: Steps = 'calls',
): Promise<{ died: CrashPoint } | { died: null; result: Promise<T> }> {
  const { died, result } = await runUntil(ports, at, steps, scenario)
  return died ? { died } : { died: null, result }
}

async function runUntil<T>(
  ports: Ports,
  at: Pick<CrashPoint, 'call' | 'when'>,
  steps: Steps,
  scenario: (ports: Ports) => Promise<T>,
): Promise<{ died: CrashPoint | null; error: Error | null; result: Promise<T> }> {
  const doom = new Doom(at, steps)
  await using mortal = mortalPorts(ports, doom)
  const result = scenario(mortal.ports)
  const error = await result.then(() => null, toError)
  await mortal[Symbol.asyncDispose]()
  await runOutLeases(ports)
  // The second start has an empty cache; the living one stands in for it.
  for (const noun of cachedNouns) ports.cache.forget(noun)
  return { died: doom.died, error, result }
}

/** Those of the dead process only: the living one must not lose what it holds. */
async function runOutLeases({ db }: Ports): Promise<void> {
  await db
    .updateTable('namespace_leases')
    .set({ expires_at: new Date(0) })
    .where('holder', '=', mortalHolder)
    .execute()
  await db
    .updateTable('namespace_lease_shares')
    .set({ expires_at: new Date(0) })
    .where('holder', '=', mortalHolder)
    .execute()
}

async function named(point: CrashPoint, check: () => Promise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    throw new Error(`after a crash ${point.when} step ${point.call} (${point.name})`, {
      cause: error,
    })
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
