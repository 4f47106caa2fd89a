"""Functions for processors, under their shorter name (plugin contract 7.3)."""

from shared.plugins.sdk import concurrent_api_calls, download_asset, open_asset, parallel_io

__all__ = ["concurrent_api_calls", "download_asset", "open_asset", "parallel_io"]
