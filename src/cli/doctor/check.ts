/** One thing the product needs, looked at for real. */
export interface Check {
  name: string
  /** Resolves with what was found; rejects with what is wrong. */
  look: () => Promise<string>
  /** What to do where it is wrong. */
  remedy: string
}

export interface Finding {
  name: string
  isWell: boolean
  found: string
  remedy: string | null
}

const checkTimeoutMs = 60_000

/** Runs the checks one after the other; a check that hangs is a finding, not a hang. */
export async function examine(checks: readonly Check[]): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const check of checks) findings.push(await finding(check))
  return findings
}

async function finding({ name, look, remedy }: Check): Promise<Finding> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new Error(`no answer in ${checkTimeoutMs} ms`)),
    checkTimeoutMs,
  )
  try {
    return { name, isWell: true, found: await Promise.race([look(), late]), remedy: null }
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error)
    return { name, isWell: false, found, remedy }
  } finally {
    clearTimeout(timer)
  }
}
