/** The API over HTTP, as any client would speak to it. */
export interface Client {
  call<T>(method: string, path: string, body?: unknown): Promise<T>
  /** The same client with `X-Namespace`. */
  within(namespaceId: string): Client
}

/** Throws an Error with the server's own sentence where the status is not 2xx. */
export function openClient(url: string, key: string, namespaceId?: string): Client {
  return {
    within: (id) => openClient(url, key, id),
    async call<T>(method: string, path: string, body?: unknown): Promise<T> {
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          ...(namespaceId !== undefined && { 'x-namespace': namespaceId }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const answer = await response.text()
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${answer}`)
      return JSON.parse(answer) as T
    },
  }
}
