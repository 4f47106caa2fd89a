"""Many things at once, from a processor's plain `__call__` (plugin contract 7.3)."""

import asyncio
import contextvars
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from nacre_host.run_notes import note_swallowed

WORKERS_MAX = 32


def parallel_io(items: Sequence, process_fn: Callable | None = None, max_workers: int = 8, fn=None) -> dict:
    """Index → result of a function, run in threads. An item whose call failed is absent from the dict."""
    function = process_fn or fn
    if function is None:
        raise TypeError("parallel_io needs process_fn")
    results: dict = {}
    with ThreadPoolExecutor(max(1, min(max_workers, WORKERS_MAX))) as pool:
        futures = [pool.submit(contextvars.copy_context().run, function, item) for item in items]
        for index, future in enumerate(futures):
            try:
                results[index] = future.result()
            except Exception as error:
                note_swallowed("parallel_io", error)
    return results


def concurrent_api_calls(items: Sequence, async_fn: Callable | None = None, max_concurrent: int = 10, fn=None) -> list:
    """Results of an async function in the order of the items, None for a call that failed.

    Runs in a thread with a loop of its own, so it works where a loop is running already.
    """
    function = async_fn or fn
    if function is None:
        raise TypeError("concurrent_api_calls needs async_fn")

    async def call_all() -> list:
        gate = asyncio.Semaphore(max(1, max_concurrent))

        async def call(item):
            async with gate:
                try:
                    return await function(item)
                except Exception as error:
                    note_swallowed("concurrent_api_calls", error)
                    return None

        return await asyncio.gather(*(call(item) for item in items))

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(contextvars.copy_context().run, asyncio.run, call_all()).result()
