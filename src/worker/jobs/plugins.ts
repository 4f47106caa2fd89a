import { z } from 'zod'
import { deployJobName } from '../../domain/plugins/deploy-plugin.ts'
import { finishDeployment } from '../../domain/plugins/finish-deployment.ts'
import { job } from '../job.ts'

export const pluginJobs = [
  job({
    name: deployJobName,
    payload: z.object({ namespace_id: z.string(), plugin_row_id: z.string() }),
    attempts: 20,
    run: (ports, { namespace_id: namespaceId, plugin_row_id: pluginRowId }, signal) =>
      finishDeployment(ports, { namespaceId, pluginRowId }, signal),
  }),
]
