const width = 30

/** A bar redrawn in place on a terminal; elsewhere one line at each tenth. */
export function progressBar(label: string, total: number, print: (line: string) => void) {
  const start = performance.now()
  let tenth = -1
  return (done: number) => {
    const share = Math.min(1, done / total)
    const rate = Math.round(done / Math.max(0.001, (performance.now() - start) / 1000))
    const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░')
    const line = `  ${label} ${bar} ${done}/${total}  ${rate}/s`
    if (process.stdout.isTTY) process.stdout.write(`\r${line}\x1b[K${done >= total ? '\n' : ''}`)
    else if (Math.floor(share * 10) > tenth) {
      tenth = Math.floor(share * 10)
      print(line)
    }
  }
}
