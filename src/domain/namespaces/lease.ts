/**
 * One lease a namespace (a row with a fencing token) orders what changes its schema: PATCH of indexes, deploy,
 * reconfigure, delete. Writers of documents hold it shared. Held rows expire, so a dead holder blocks nobody long.
 */
export interface NamespaceLeases extends AsyncDisposable {
  /**
   * Waits for writers and other holders up to `waitMs`, then runs `work` alone on the namespace.
   * Throws `conflict` naming the holder's purpose where it does not get the lease in time.
   */
  exclusive<T>(
    namespaceId: string,
    purpose: string,
    work: (lease: ExclusiveLease) => Promise<T>,
    options?: { waitMs?: number; signal?: AbortSignal },
  ): Promise<T>
  /** Runs `work` together with other writers, never beside an exclusive holder. Costs no SQL on most calls. */
  shared<T>(
    namespaceId: string,
    work: (share: SharedLease) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>
}

export interface SharedLease {
  /**
   * Of the last exclusive holder before this share: what was read of the namespace's schema under the same token is
   * still true. Null inside an exclusive lease of the caller's own, where nothing read earlier is.
   */
  token: bigint | null
  /**
   * Throws `conflict` where the share has run out: its process stood still, an exclusive holder may have come in, and
   * what was written meanwhile must not be acknowledged.
   */
  check(): void
}

export interface ExclusiveLease {
  token: bigint
  /** Throws `conflict` where the lease was lost (expired and taken by another). */
  check(): Promise<void>
}
