import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Questions } from './load.ts'

/** The process that reads and writes beside everything else. */
export interface LoadProcess extends AsyncDisposable {
  ask<Q extends keyof Questions>(name: Q, ask: Questions[Q]['ask']): Promise<Questions[Q]['answer']>
}

interface Reply {
  id: number
  answer?: never
  error?: string
}

/** Its end before it was asked to ends every question with an error. */
export function startLoad(): LoadProcess {
  const child = fork(new URL('load.ts', import.meta.url))
  const exited = once(child, 'exit')
  const waiting = new Map<number, PromiseWithResolvers<never>>()
  let last = 0
  child.on('message', ({ id, answer, error }: Reply) => {
    const one = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) one?.resolve(answer as never)
    else one?.reject(new Error(error))
  })
  child.on('exit', (status) => {
    for (const one of waiting.values()) one.reject(new Error(`The load process ended: ${status}`))
  })
  return {
    ask(name, ask) {
      const one = Promise.withResolvers<never>()
      waiting.set(++last, one)
      child.send({ id: last, name, ask })
      return one.promise
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await exited
    },
  }
}
