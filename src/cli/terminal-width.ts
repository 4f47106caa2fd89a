const [widthMin, widthMax, widthElsewhere] = [80, 120, 100]

/** Characters a line may have: those of the terminal, within reason; 100 where the output goes elsewhere. */
export function terminalWidth(): number {
  const columns = process.stdout.isTTY ? process.stdout.columns : widthElsewhere
  return Math.min(widthMax, Math.max(widthMin, columns))
}
