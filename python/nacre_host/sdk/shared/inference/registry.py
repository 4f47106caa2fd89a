"""Batch services by id (plugin contract 7.1)."""

from nacre_host.plugin.services import service_class


def get_batch_service(service_id: str) -> type:
    """The class of a known service, which says what is missing when it is instantiated; ValueError for an unknown id."""
    return service_class(service_id)
