"""The operations: inspect, load, probe, check_parameters, run, realtime (docs: python/README.md)."""

from typing import TYPE_CHECKING

from nacre_host.failure import HostError
from nacre_host.inspect_plugin import inspect_plugin

if TYPE_CHECKING:
    from nacre_host.plugin.loaded import Plugin


class Host:
    """Holds the one plugin of this process."""

    def __init__(self) -> None:
        self._plugin: "Plugin | None" = None

    @property
    def folder(self) -> str | None:
        return self._plugin.folder if self._plugin else None

    def answer(self, operation: str, request: dict) -> dict:
        """The answer's fields. Raises HostError for what cannot be answered."""
        operations = {
            "inspect": self._inspect,
            "load": self._load,
            "probe": self._probe,
            "check_parameters": self._check_parameters,
            "run": self._run,
            "realtime": self._realtime,
        }
        if operation not in operations:
            raise HostError("request", f"no operation '{operation}'; there are {', '.join(operations)}")
        return operations[operation](request)

    def _inspect(self, request: dict) -> dict:
        return inspect_plugin(_text(request, "folder"), _object(request, "uploaded"))

    def _load(self, request: dict) -> dict:
        # pandas and the rest are imported here: reading a plugin needs none of them.
        from nacre_host.event_loop import allow_loops_without_sockets
        from nacre_host.plugin.loaded import load_plugin
        from nacre_host.values import to_json

        if self._plugin:
            raise HostError("request", "a plugin is loaded already; a process runs one")
        _text(request, "folder")
        for name in ("parameters", "params", "request", "uploaded", "secrets", "models"):
            _object(request, name)
        allow_loops_without_sockets()
        self._plugin, notes = load_plugin(request)
        return {
            "manifest": to_json(self._plugin.manifest.as_json(), strict=False),
            "entry": self._plugin.entry.name if self._plugin.entry else None,
            "realtime": self._plugin.service is not None,
            "errors": notes.errors,
            "warnings": notes.warnings,
        }

    def _probe(self, request: dict) -> dict:
        from nacre_host.probe import probe

        return probe(self._loaded())

    def _check_parameters(self, request: dict) -> dict:
        from nacre_host.plugin.parameters import check_parameters

        plugin = self._loaded()
        parameters, warnings = plugin.merged_parameters(_object(request, "parameters"))
        errors, more = check_parameters(parameters, plugin.manifest.parameter_schema)
        return {"errors": errors, "warnings": [*warnings, *more]}

    def _run(self, request: dict) -> dict:
        from nacre_host.rows.run_rows import run_rows

        plugin = self._loaded()
        if request.get("request") is not None:
            # One process serves all collections of its namespace.
            plugin.request = _object(request, "request")
        given = _object(request, "parameters") if request.get("parameters") is not None else None
        parameters, warnings = plugin.merged_parameters(given)
        rows = request.get("rows")
        size = request.get("dataset_size") or (len(rows) if isinstance(rows, list) else 0)
        flags = _object(request, "content_flags") or content_flags(rows)
        results, told = run_rows(plugin, rows, parameters, size, flags)
        return {"results": results, "warnings": [*warnings, *told]}

    def _realtime(self, request: dict) -> dict:
        from nacre_host.realtime.call_service import answer_query

        inputs, parameters = _object(request, "inputs"), _object(request, "parameters")
        return answer_query(self._loaded(), inputs, parameters, request.get("vector_index"))

    def _loaded(self) -> "Plugin":
        if self._plugin is None:
            raise HostError("not_loaded", "no plugin is loaded; send load first")
        return self._plugin


def content_flags(rows: object) -> dict:
    """Which kinds of content the rows hold, where the server does not say (plugin contract 3.5)."""
    kinds = {row.get("blob_type") for row in rows if isinstance(row, dict)} if isinstance(rows, list) else set()
    return {kind: kind in kinds for kind in ("text", "image", "video", "audio", "pdf")}


def _text(request: dict, name: str) -> str:
    if not isinstance(request.get(name), str):
        raise HostError("request", f"{name} must be text")
    return request[name]


def _object(request: dict, name: str) -> dict:
    value = request.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise HostError("request", f"{name} must be an object, not {type(value).__name__}")
    return value
