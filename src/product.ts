import packageJson from '../package.json' with { type: 'json' }

/** As health, OpenAPI and `--version` print it. */
export const version: string = packageJson.version

/** Grows when the data folder's layout changes; a newer folder is refused (design 6). */
export const dataFormat = 1

/** Of the embedded engines, whose files stand in the data folder: a folder of a later one is refused. */
export const postgresMajor = 18
export const edgeVersion = '0.9.0'
