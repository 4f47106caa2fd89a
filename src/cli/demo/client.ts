/** The API over HTTP, as any client would speak to it. */
export interface Client {
  call<T>(method: string, path: string, body?: unknown): Promise<T>
  /** POST of a line of JSON each. */
  sendLines<T>(path: string, lines: readonly object[]): Promise<T>
  /** The same client with `X-Namespace`. */
  within(namespaceId: string): Client
}

/** Throws an Error with the server's own sentence where the status is not 2xx. */
export function openClient(url: string, key: string, namespaceId?: string): Client {
  async function send<T>(method: string, path: string, type: string, body?: string): Promise<T> {
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': type,
      ...(namespaceId !== undefined && { 'x-namespace': namespaceId }),
    }
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body !== undefined && { body }),
    })
    const answer = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${answer}`)
    return JSON.parse(answer) as T
  }
  return {
    within: (id) => openClient(url, key, id),
    call: (method, path, body) =>
      send(method, path, 'application/json', body === undefined ? undefined : JSON.stringify(body)),
    sendLines: (path, lines) =>
      send(
        'POST',
        path,
        'application/x-ndjson',
        lines.map((line) => JSON.stringify(line)).join('\n'),
      ),
  }
}
