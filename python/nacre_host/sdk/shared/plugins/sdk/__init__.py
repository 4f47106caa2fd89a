"""Functions for processors (plugin contract 7.3)."""

from shared.plugins.sdk.assets import download_asset, open_asset
from shared.plugins.sdk.parallel import concurrent_api_calls, parallel_io

__all__ = ["concurrent_api_calls", "download_asset", "open_asset", "parallel_io"]
