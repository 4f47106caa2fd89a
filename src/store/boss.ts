import { PgBoss } from 'pg-boss'
import type { Logger } from '../ports/logger.ts'
import { databaseFailure } from './database-failure.ts'
import { OpenConnections } from './open-connections.ts'

/** pg-boss's defaults notice a killed worker after 15 minutes (design 7, the queue). */
const heartbeatSeconds = 10
const heartbeatRefreshSeconds = 3
/** Supervision is eight queries and writes: `QueueAlarm` asks for it where a worker died, and else now and then. */
const monitorSeconds = 1
/** NOTIFY wakes workers at once, and `QueueAlarm` those whose jobs' time has come: this is for what neither saw. */
const pollSeconds = 30
/** Connections of pg-boss itself; those of `add` are the caller's. */
const connectionsMax = 4
/** A dead worker is no failed attempt: pg-boss's own count has no end, ours stands in the job. */
const takeoversMax = 1_000_000
/** How long a finished job is kept to be looked at; the alarm goes through all of them each second. */
const keepFinishedSeconds = 600

/** Of every queue of ours. */
export const queueOptions = {
  policy: 'short',
  notify: true,
  heartbeatSeconds,
  retryLimit: takeoversMax,
  retryDelay: 0,
  expireInSeconds: 23 * 3600,
  retentionSeconds: 365 * 24 * 3600,
  deleteAfterSeconds: keepFinishedSeconds,
} as const

/** Of every worker of ours. */
export const workOptions = {
  pollingIntervalSeconds: pollSeconds,
  notifyPollingIntervalSeconds: pollSeconds,
  heartbeatRefreshSeconds,
  perJobResults: true,
  includeMetadata: true,
} as const

export interface OpenBoss {
  boss: PgBoss
  /** Claims no more and gives back what is claimed; returns when its connections are closed. */
  stop: () => Promise<void>
}

/** pg-boss, started. Throws `database_unavailable`. */
export async function openBoss({ url, log }: { url: string; log: Logger }): Promise<OpenBoss> {
  const connections = new OpenConnections()
  const options = {
    connectionString: url,
    application_name: 'nacre queue',
    max: connectionsMax,
    schedule: false,
    useListenNotify: true,
    supervise: false,
    // No longer than two looks are apart: else the second one would come too early.
    monitorIntervalSeconds: monitorSeconds,
    maintenanceIntervalSeconds: 60,
    // pg-boss hands its options on to its pool.
    onConnect: connections.watch,
  }
  const boss = new PgBoss(options)
  async function stop(): Promise<void> {
    await boss.stop({ graceful: false })
    await connections.closed()
  }
  boss.on('error', (error) => log.warn({ error }, 'The queue met an error; it goes on.'))
  boss.on('warning', (warning) => log.warn({ warning }, 'The queue warns.'))
  try {
    await boss.start()
    return { boss, stop }
  } catch (error) {
    await stop().catch(() => {})
    throw databaseFailure(error)
  }
}
