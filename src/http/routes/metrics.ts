import { z } from 'zod'
import { checkOperator } from '../../domain/archive/operator.ts'
import { Download } from '../answer.ts'
import { route } from '../route.ts'

export const metricsRoutes = [
  route({
    operationId: 'getMetrics',
    method: 'GET',
    path: '/v1/metrics',
    summary: 'Counts of this process, in the text format of Prometheus',
    tag: 'health',
    access: 'admin',
    response: z.instanceof(Download),
    answerType: 'text/plain',
    failures: [],
    handle: async ({ ports, principal }) => {
      // They count every organization's requests: no other than the server's operator may see them.
      await checkOperator(ports, principal)
      const { metrics } = ports
      const text = Buffer.from(await metrics.text())
      return new Download({
        contentType: metrics.contentType,
        filename: 'metrics.txt',
        sizeBytes: text.length,
        async *open() {
          yield text
        },
      })
    },
  }),
]
