"""Logging (plugin contract 7.3)."""

import logging

from nacre_host.logs import logger


def get_logger(name: str) -> logging.Logger:
    """A standard logger; its lines go to the log with the step and the object at hand."""
    return logger(name)
