"""The loop: one request, one answer, whatever the plugin does."""

from nacre_host.failure import HostError, kind_of, sentence_of
from nacre_host.frames import Channel
from nacre_host.host import Host


def serve(channel: Channel) -> None:
    """Answers requests until the server closes its end."""
    host = Host()
    for request in channel.requests():
        channel.answer(answer(host, request))


def answer(host: Host, request: object) -> dict:
    """`{"id", "ok": true, ...}` or `{"id", "ok": false, "error"}`; never raises for what a plugin does."""
    identifier = request.get("id") if isinstance(request, dict) else None
    try:
        if not isinstance(request, dict) or not isinstance(request.get("op"), str):
            raise HostError("request", "a request is an object with id and op")
        return {"id": identifier, "ok": True, **host.answer(request["op"], request)}
    except HostError as error:
        return {"id": identifier, "ok": False, "error": error.as_json()}
    except (Exception, SystemExit) as error:
        kind = "resource" if kind_of(error) == "resource" else "host"
        failure = HostError(kind, sentence_of(error, host.folder or "."))
        return {"id": identifier, "ok": False, "error": failure.as_json()}
