import { fork } from 'node:child_process'
import { once } from 'node:events'

/** A process that can be asked `Q`: by name, what is asked and what is answered, both as JSON. */
export interface AskedProcess<Q> extends AsyncDisposable {
  ask<N extends keyof Q & string>(name: N, ask: AskOf<Q[N]>): Promise<AnswerOf<Q[N]>>
}

type AskOf<T> = T extends { ask: infer A } ? A : never
type AnswerOf<T> = T extends { answer: infer A } ? A : never

/** How a process answers each of its questions. */
export type Answers<Q> = {
  [N in keyof Q]: (ask: AskOf<Q[N]>) => Promise<AnswerOf<Q[N]>> | AnswerOf<Q[N]>
}

interface Question {
  id: number
  name: string
  ask: unknown
}

interface Reply {
  id: number
  answer?: never
  error?: string
}

/** Forks the file, which calls `answerQuestions`. Its end before it was asked to ends every question with an error. */
export function startAsked<Q>(file: URL): AskedProcess<Q> {
  const child = fork(file)
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
    for (const one of waiting.values()) one.reject(new Error(`A process ended: ${status}`))
  })
  return {
    ask(name, ask) {
      const one = Promise.withResolvers<never>()
      waiting.set(++last, one)
      const question: Question = { id: last, name, ask }
      child.send(question)
      return one.promise
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await exited
    },
  }
}

/** For the process that was forked. */
export function answerQuestions<Q>(answers: Answers<Q>): void {
  process.on('message', ({ id, name, ask }: Question) => {
    void Promise.resolve()
      .then(() => answers[name as keyof Q](ask as never))
      .then(
        (answer) => process.send?.({ id, answer }),
        (error: unknown) => process.send?.({ id, error: String(error) }),
      )
  })
}
