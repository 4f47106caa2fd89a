"""A query → its vector, by the service, or by the pipeline where there is none (plugin contract 5.2 to 5.4)."""

from nacre_host.event_loop import settle
from nacre_host.failure import HostError, kind_of, place_of, sentence_of
from nacre_host.logs import current_step
from nacre_host.manifest.features import Vector
from nacre_host.plugin.binding import call_positional
from nacre_host.plugin.loaded import Plugin
from nacre_host.realtime.choose_vector import choose_vector
from nacre_host.realtime.find_service import service_method
from nacre_host.rows.run_rows import run_rows
from nacre_host.rows.vectors import NoVector
from nacre_host.values import to_json

BLOB_TYPES = {"image": "image", "image_url": "image", "audio": "audio", "audio_url": "audio", "video_url": "video"}


def answer_query(plugin: Plugin, inputs: dict, parameters: dict, vector_index: str | None) -> dict:
    """`{vector, error, raw, response_type, response_keys}`; `error` says why `vector` is None.

    Raises HostError where the plugin's own code fails.
    """
    vector = choose_index(plugin, vector_index)
    merged = {**plugin.merged_parameters(None)[0], **parameters}
    if plugin.service is None:
        return _answer_by_pipeline(plugin, inputs, merged, vector)
    response = _call(plugin, _with_both(inputs, vector), merged)
    answer = {
        "vector": None,
        "error": None,
        "raw": to_json(response, strict=False),
        "response_type": type(response).__name__,
        "response_keys": [str(key) for key in response] if isinstance(response, dict) else None,
    }
    if vector:
        try:
            answer["vector"] = choose_vector(response, vector)
        except NoVector as error:
            answer["error"] = str(error)
    return answer


def choose_index(plugin: Plugin, vector_index: str | None) -> Vector | None:
    """The wanted vector, or the first one. Raises HostError for a name that is not declared."""
    vectors = plugin.manifest.vectors
    if vector_index is None:
        return vectors[0] if vectors else None
    found = next((vector for vector in vectors if vector.feature_name == vector_index), None)
    if found is None:
        names = ", ".join(vector.feature_name for vector in vectors) or "none"
        raise HostError("request", f"vector_index '{vector_index}' is not declared; declared are {names}")
    return found


def _with_both(inputs: dict, vector: Vector | None) -> dict:
    """`text` and `texts` are both there where one is; the vector's name is told."""
    filled = dict(inputs)
    if "text" in filled:
        filled.setdefault("texts", [filled["text"]])
    elif filled.get("texts"):
        filled["text"] = filled["texts"][0]
    if vector:
        filled.setdefault("vector_index", vector.feature_name)
    return filled


def _call(plugin: Plugin, inputs: dict, parameters: dict) -> object:
    name, method = service_method(plugin.service)
    token = current_step.set("realtime")
    try:
        if name == "predict":
            return settle(call_positional(method, {**inputs, "parameters": parameters}))
        return settle(call_positional(method, inputs, parameters))
    except (Exception, SystemExit) as error:
        place = place_of(error, plugin.folder)
        kind = "resource" if kind_of(error) == "resource" else "plugin"
        raise HostError(kind, f"realtime {name}: {sentence_of(error, plugin.folder)}", place) from error
    finally:
        current_step.reset(token)


def _answer_by_pipeline(plugin: Plugin, inputs: dict, parameters: dict, vector: Vector | None) -> dict:
    row = query_row(inputs)
    (result,), _ = run_rows(plugin, [row], parameters, 1, {})
    if failed := result.get("failed"):
        raise HostError("plugin", failed["message"])
    documents = result.get("documents")
    if not documents:
        skipped = result.get("skipped", "")
        raise HostError("plugin", f"the pipeline returned no row for the query: {skipped}")
    first = documents[0]
    found = first["vectors"].get(vector.feature_name) if vector else None
    return {
        "vector": found,
        "error": f"the pipeline gave no {vector.feature_name}" if vector and found is None else None,
        "raw": first["fields"],
        "response_type": "dict",
        "response_keys": [*first["fields"], *first["vectors"]],
    }


def query_row(inputs: dict) -> dict:
    """A query as one row of the pipeline. Raises HostError for inputs that hold nothing to ask for."""
    if text := inputs.get("text") or next(iter(inputs.get("texts") or ()), None):
        return {"key": "query", "data": text, "blob_type": "text", "mime_type": "text/plain"}
    for name, kind in BLOB_TYPES.items():
        if inputs.get(name):
            return {"key": "query", "data": inputs[name], "blob_type": kind, "mime_type": f"{kind}/*"}
    given = ", ".join(inputs) or "none"
    raise HostError("request", f"inputs hold no text, image_url or audio_url; given are {given}")
