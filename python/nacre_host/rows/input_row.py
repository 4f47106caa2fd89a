"""One row as the server sends it (plugin contract 4.1)."""

from dataclasses import dataclass, field

from nacre_host.failure import HostError

COLUMNS = (
    "data",
    "document_id",
    "object_id",
    "blob_id",
    "blob_property",
    "blob_type",
    "collection_id",
    "feature_extractor_id",
    "mime_type",
    "size_bytes",
)
BINARY_TYPES = ("image", "video", "audio", "pdf", "other")
Lineage = tuple[str, str]


@dataclass(frozen=True)
class InputRow:
    """`key` is the server's and comes back unchanged; `values` are the columns; `aliases` more names for `data`."""

    key: str
    values: dict
    aliases: dict = field(default_factory=dict)

    @property
    def lineage(self) -> Lineage:
        """What tells which input row an output row came from (plugin contract 4.4)."""
        return (self.values["object_id"], self.values["document_id"])

    @property
    def is_binary(self) -> bool:
        return self.values["blob_type"] in BINARY_TYPES


def read_rows(rows: object) -> list[InputRow]:
    """Rows of a request. Raises HostError for what is no row, and for two rows with one document id of one object."""
    if not isinstance(rows, list):
        raise HostError("request", "rows must be a list")
    read = [_read_row(index, row) for index, row in enumerate(rows)]
    seen: set[Lineage] = set()
    for row in read:
        if row.lineage in seen:
            raise HostError("request", f"two rows have object_id and document_id {row.lineage}")
        seen.add(row.lineage)
    return read


def _read_row(index: int, row: object) -> InputRow:
    if not isinstance(row, dict) or not isinstance(row.get("key"), str):
        raise HostError("request", f"rows[{index}] must be an object with a key")
    values = {name: row.get(name) for name in COLUMNS}
    # What has no id of its own is told apart by its key.
    values["object_id"] = values["object_id"] or row["key"]
    values["document_id"] = values["document_id"] or row["key"]
    values["blob_type"] = values["blob_type"] or "text"
    values["size_bytes"] = values["size_bytes"] or 0
    if "source_document_id" in row:
        values["source_document_id"] = row["source_document_id"]
    return InputRow(row["key"], values, row.get("aliases") or {})
