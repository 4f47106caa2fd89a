export type DataFolderCode = 'locked' | 'newer' | 'unknown' | 'unattended'

/** Why a data folder is refused; the sentence says what to do. Nothing in the folder was opened or changed. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError'
  readonly code: DataFolderCode

  constructor(code: DataFolderCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
