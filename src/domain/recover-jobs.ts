import type { Ports } from '../ports/ports.ts'
import {
  readDeletingBuckets,
  readDeletingCollections,
  readOverdueNamespaces,
  readUnfinishedDeployments,
} from '../store/awaited-jobs.ts'
import { readErasures } from '../store/object-erasures.ts'
import { addBucketDeletion } from './buckets/delete-bucket.ts'
import { addCollectionDeletion } from './collections/delete-collection.ts'
import { addExpiry } from './namespaces/delete-namespace.ts'
import { addErasing } from './objects/erase-object.ts'
import { addDeployment } from './plugins/deploy-plugin.ts'
import { addErasure } from './reconfiguration/erase-generations.ts'

/**
 * At the start: every deletion and deployment that was begun, and all that is overdue, has a job, also where the one it
 * had was given up while an engine or a disk did not answer. Safe to run again, and beside who is at it.
 */
export async function recoverJobs(ports: Pick<Ports, 'db' | 'queue' | 'now'>): Promise<void> {
  const { db } = ports
  for (const place of await readDeletingBuckets(db)) await addBucketDeletion(ports, db, place)
  for (const place of await readDeletingCollections(db))
    await addCollectionDeletion(ports, db, place)
  for (const place of await readErasures(db)) await addErasing(ports, db, place)
  for (const place of await readUnfinishedDeployments(db)) await addDeployment(ports, db, place)
  const { expired, retained } = await readOverdueNamespaces(db, ports.now())
  for (const id of expired) await addExpiry(ports, db, id)
  for (const id of retained) await addErasure(db, ports, id, 0)
}
