import { holdAttachment } from './attachment.ts'

// Run by attachment.test.ts: uses the folder until it is killed.
holdAttachment(process.argv[2] ?? '')
process.stdout.write('held\n')
setInterval(() => {}, 60_000)
