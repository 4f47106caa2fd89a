"""Calls by signature: a function is given what it names, and nothing else (plugin contract 3.1, 3.4)."""

import inspect
from collections.abc import Callable, Mapping

Parameter = inspect.Parameter


def parameters_of(function: Callable) -> list[Parameter]:
    """The parameters a caller can fill; empty for callables that do not say."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def call_by_name(function: Callable, offered: Mapping[str, object]) -> object:
    """Calls with those of `offered` that the signature names, or all where it takes `**kwargs`."""
    parameters = parameters_of(function)
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters):
        return function(**offered)
    named = {parameter.name for parameter in parameters if parameter.kind is not Parameter.POSITIONAL_ONLY}
    needed = [p.name for p in parameters if _is_required(p) and p.name not in offered]
    if needed:
        raise TypeError(f"{_name(function)} needs {', '.join(needed)}; a host gives {', '.join(offered)}")
    return function(**{name: value for name, value in offered.items() if name in named})


def construct(cls: type, config: object) -> object:
    """An instance of a processor: `config` where it is given or required, `progress_actor=None` where it is named."""
    parameters = parameters_of(cls)
    arguments: list[object] = []
    keywords: dict[str, object] = {}
    first = next((p for p in parameters if p.kind is not Parameter.VAR_KEYWORD and p.name != "progress_actor"), None)
    named = next((p for p in parameters if p.name == "config"), None) or first
    takes_any = any(p.kind is Parameter.VAR_KEYWORD for p in parameters)
    if named is not None and named.kind is not Parameter.VAR_POSITIONAL:
        if config is not None or _is_required(named):
            if named.kind is Parameter.POSITIONAL_ONLY:
                arguments.append(config)
            else:
                keywords[named.name] = config
    elif config is not None and takes_any:
        keywords["config"] = config
    if any(p.name == "progress_actor" for p in parameters):
        keywords["progress_actor"] = None
    return cls(*arguments, **keywords)


def call_positional(function: Callable, *arguments: object) -> object:
    """Calls with as many of the arguments, in order, as the signature takes; keyword-only ones by their order too."""
    parameters = parameters_of(function)
    if any(p.kind is Parameter.VAR_POSITIONAL for p in parameters):
        return function(*arguments)
    places = [p for p in parameters if p.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]
    given = arguments[: len(places)]
    keyword_only = [p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY]
    return function(*given, **dict(zip(keyword_only, arguments[len(given) :])))


def _is_required(parameter: Parameter) -> bool:
    is_variable = parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return parameter.default is Parameter.empty and not is_variable


def _name(function: Callable) -> str:
    return getattr(function, "__name__", type(function).__name__)
