"""Finds the service in realtime.py, of whatever generation it is (plugin contract 5.1)."""

import inspect
from collections.abc import Callable
from types import ModuleType

METHODS = ("run_inference", "_process_single", "predict", "__call__")
ENDINGS = ("InferenceService", "RealtimeService", "Service", "Handler")
HOST_MODULES = ("shared.", "engine.")


def find_service(module: ModuleType) -> object:
    """An instance of the service. Raises LookupError where there is none, and whatever its constructor raises."""
    make = getattr(module, "get_inference_service", None)
    made = make() if callable(make) else None
    service = made if made is not None else find_class(module)
    if service is None:
        raise LookupError(
            "realtime.py has no service: define class InferenceService with run_inference(self, inputs, parameters)"
        )
    # A factory may give the class itself.
    service = service() if isinstance(service, type) else service
    if service_method(service) is None:
        known = ", ".join(METHODS)
        raise LookupError(f"{type(service).__name__} in realtime.py has no method to call; it needs one of {known}")
    return service


def find_class(module: ModuleType) -> type | None:
    """By name, by `__all__`, by the ending of its name; else the only class that has a known method."""
    named = [getattr(module, "InferenceService", None)]
    named += [getattr(module, str(name), None) for name in getattr(module, "__all__", ())]
    named.append(getattr(module, "RealtimeHandler", None))
    own = [value for value in vars(module).values() if inspect.isclass(value) and value.__module__ == module.__name__]
    named += [cls for ending in ENDINGS for cls in own if cls.__name__.endswith(ending)]
    for cls in named:
        if inspect.isclass(cls) and method_name(cls):
            return cls
    able = [cls for cls in own if method_name(cls)]
    return able[0] if len(able) == 1 else None


def method_name(cls: type) -> str | None:
    """The first known method that a class defines below the host's base classes: those, and `type`, have `__call__`."""
    below = [base for base in cls.__mro__ if base is not object and not base.__module__.startswith(HOST_MODULES)]
    return next((name for name in METHODS if any(name in base.__dict__ for base in below)), None)


def service_method(service: object) -> tuple[str, Callable] | None:
    """Name and bound method of a service."""
    name = method_name(type(service))
    return (name, getattr(service, name)) if name else None
