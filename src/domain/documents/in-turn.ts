const turns = new Map<string, Promise<unknown>>()

/** Runs `work` after whatever runs under the key; other keys are not held up. */
export async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = turns.get(key) ?? Promise.resolve()
  // The one before answers for its own failure.
  const mine = before.then(work, work)
  turns.set(key, mine)
  try {
    return await mine
  } finally {
    if (turns.get(key) === mine) turns.delete(key)
  }
}
