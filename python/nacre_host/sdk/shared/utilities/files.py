"""An older name of download_asset."""

from shared.plugins.sdk import download_asset

resolve_url_to_local_path = download_asset
