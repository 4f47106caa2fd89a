import { PgBoss } from 'pg-boss'

/** pg-boss's own tables, in a schema of theirs. Opening a queue does the same; here without starting anything. */
export async function installQueue(url: string): Promise<void> {
  const boss = new PgBoss({ connectionString: url, max: 1, supervise: false, schedule: false })
  boss.on('error', () => {})
  await boss.start()
  await boss.stop({ graceful: false })
}
