/**
 * What is left of the disk that the data folder is on. Asked before anything grows: files that an engine writes through
 * memory are not refused by a full disk, the process is killed for it.
 */
export interface DiskRoom {
  /**
   * Throws `disk_unavailable` where less than the reserve would be left once `growthBytes` more are used, or where
   * nothing can be written at all.
   */
  assertRoom(growthBytes?: number): Promise<void>
  /** For what makes room in the end and needs a little of it first: it may go into the reserve. Throws as `assertRoom`. */
  assertRoomToDelete(): Promise<void>
}

/** Where nobody keeps anything free, as in the short lives of checks and tests. */
export const boundless: DiskRoom = {
  assertRoom: () => Promise.resolve(),
  assertRoomToDelete: () => Promise.resolve(),
}
