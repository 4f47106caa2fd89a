/** Columns as wide as their widest cell, two spaces between; cells that are numbers stand at the right. */
export function tableLines(rows: readonly (readonly (string | number)[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, `${cell}`.length)
  }
  return rows.map((row) =>
    row
      .map((cell, i) => padded(cell, widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function padded(cell: string | number, width: number): string {
  return typeof cell === 'number' ? `${cell}`.padStart(width) : cell.padEnd(width)
}
