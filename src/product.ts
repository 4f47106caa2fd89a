import packageJson from '../package.json' with { type: 'json' }

/** As health, OpenAPI and `--version` print it. */
export const version: string = packageJson.version

/** Grows when the data folder's layout changes; a newer folder is refused (design 6). */
export const dataFormat = 1
