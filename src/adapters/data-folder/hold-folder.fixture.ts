import { openDataFolder } from './open-data-folder.ts'

// Run by open-data-folder.test.ts: holds the folder until it is killed.
await openDataFolder(process.argv[2] ?? '', { format: 1 })
process.stdout.write('held\n')
setInterval(() => {}, 60_000)
