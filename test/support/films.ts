import { openAsk, type Ask } from './asked.ts'
import { startTestServer, type Answer, type TestServer } from './server.ts'

/** A server with the namespace `films`, and an empty one beside it: its things are foreign to each other. */
export interface Films extends AsyncDisposable {
  server: TestServer
  /** In `films`. */
  ask: Ask
  /** The same where the answer must be a success; only the answer. */
  made: (key: string, path: string[], body?: unknown) => Promise<Answer>
  /** The task's answer once it has ended. */
  ended: (taskId: string) => Promise<Answer>
}

export async function openFilms(env: Record<string, string> = {}): Promise<Films> {
  const server = await startTestServer(env)
  for (const name of ['films', 'other']) {
    await server.call('POST', '/v1/namespaces', {
      namespace_name: name,
      feature_extractors: ['text_extractor', 'passthrough_extractor'].map((extractor) => ({
        feature_extractor_name: extractor,
        version: 'v1',
      })),
    })
  }
  const ask = await openAsk(server, { namespace: 'films' })
  return {
    server,
    ask,
    async made(key, path, body) {
      const { status, answer } = await ask(key, { path, body })
      if (status >= 400) throw new Error(`${key}: ${status} ${JSON.stringify(answer)}`)
      return answer
    },
    async ended(taskId) {
      for (;;) {
        const { answer } = await ask('GET /v1/tasks/{}', { path: [taskId] })
        if (['COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELED'].includes(answer.status))
          return answer
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
