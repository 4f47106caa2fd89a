import { writeFile, mkdir } from 'node:fs/promises'
import { references } from './references.ts'

// `npm run docs`: every generated page, from the lists it is a function of.
for (const { path, render } of references) {
  const file = new URL(`../${path}`, import.meta.url)
  await mkdir(new URL('.', file), { recursive: true })
  await writeFile(file, await render())
  process.stdout.write(`${path}\n`)
}
