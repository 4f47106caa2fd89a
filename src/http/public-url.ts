import type { Config } from '../config.ts'

/** An absolute URL of ours as the client reaches us: by the setting, else as its own request names us. */
export function publicUrl(
  { publicUrl: base, host, port }: Pick<Config, 'publicUrl' | 'host' | 'port'>,
  headers: Headers,
  path: string,
): string {
  if (base !== undefined) return base.replace(/\/+$/, '') + path
  const scheme = headers.get('x-forwarded-proto') === 'https' ? 'https' : 'http'
  return `${scheme}://${headers.get('host') ?? `${host}:${port}`}${path}`
}
