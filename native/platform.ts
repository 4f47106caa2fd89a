/** `linux-x64-gnu`, `darwin-arm64`, …: what a binary is built for. */
export function currentPlatform(): string {
  const libc = process.platform === 'linux' ? (glibcVersion() === null ? '-musl' : '-gnu') : ''
  return `${process.platform}-${process.arch}${libc}`
}

/** Whether a binary for this platform runs here; one that names no C library brings its own. */
export function runsHere(platform: string): boolean {
  return [currentPlatform(), `${process.platform}-${process.arch}`].includes(platform)
}

/** The version of the running glibc, null on other C libraries. */
export function glibcVersion(): string | null {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return report.header?.glibcVersionRuntime ?? null
}

/** Whether a dotted version is older than another. */
export function olderThan(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0
}
