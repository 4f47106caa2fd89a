import { once } from 'node:events'
import { settings, type SettingName } from '../../config.ts'
import { compose, openLogger } from '../../compose.ts'
import { jobs } from '../../worker/jobs.ts'
import { runWorker } from '../../worker/worker.ts'
import type { Command } from '../command.ts'

/** A process that only works jobs; any number of them beside servers on one data folder, or on one DATABASE_URL and QDRANT_URL. */
export const worker: Command = {
  name: 'worker',
  summary:
    'Work jobs beside a server on the same data folder, or on the same DATABASE_URL and QDRANT_URL.',
  settings: Object.keys(settings) as SettingName[],
  async run({ config, signal, print }) {
    await using composition = await compose(
      config,
      openLogger({ level: config.logLevel }),
      'worker',
    )
    const { queue } = composition.ports
    await runWorker(composition.ports, jobs, { concurrency: config.jobConcurrency })
    print('Nacre worker: claiming jobs.')
    if (!signal.aborted) await once(signal, 'abort')
    await queue.drain(config.drainTimeoutMs)
  },
}
