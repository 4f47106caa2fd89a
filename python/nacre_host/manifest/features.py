"""`features` → the vectors and fields a plugin declares, both spellings of the keys (plugin contract 2.3)."""

from dataclasses import asdict, dataclass

from nacre_host.manifest.keys import DISTANCES, FEATURE_EXTRAS, FEATURE_KEYS, FEATURE_TYPES
from nacre_host.manifest.near import nearest
from nacre_host.manifest.notes import Notes
from nacre_host.manifest.shown import cut, shown

DIMENSIONS_MAX = 65536
FEATURES_MAX = 100
NAME_CHARACTERS_MAX = 255
RIGHT_KEY = {other: right for right, others in FEATURE_KEYS.items() for other in (right, *others)}


@dataclass(frozen=True)
class Vector:
    """One declared vector; `feature_name` is its name in the namespace and its column in the frame."""

    feature_name: str
    embedding_dim: int
    distance_metric: str = "cosine"
    feature_type: str = "embedding"

    def as_json(self) -> dict:
        return asdict(self)


def read_features(value: object, notes: Notes) -> tuple[list[Vector], list[dict]]:
    """Vectors, and features that are payload fields. What is wrong is noted, each with its place in the list."""
    if not isinstance(value, (list, tuple)):
        notes.error(f"features must be a list of dicts, not {type(value).__name__}")
        return [], []
    if len(value) > FEATURES_MAX:
        notes.error(f"features has {len(value)} entries; at most {FEATURES_MAX}")
        return [], []
    vectors: list[Vector] = []
    fields: list[dict] = []
    for index, entry in enumerate(value):
        if not isinstance(entry, dict):
            notes.error(f"features[{index}] must be a dict, not {type(entry).__name__}")
            continue
        where = f"features[{index}]"
        read = _read_spellings(entry, where, notes)
        kind = _kind(read, where, notes)
        if kind == "embedding":
            vector = _read_vector(read, where, notes)
            if vector and vector.feature_name in {known.feature_name for known in vectors}:
                notes.error(f"{where}: feature_name '{cut(vector.feature_name)}' is declared twice")
            elif vector:
                vectors.append(vector)
        elif kind and isinstance(read.get("feature_name"), str) and not _name_fault(read["feature_name"]):
            fields.append({"feature_name": read["feature_name"], "feature_type": kind})
    return vectors, fields


def _read_spellings(entry: dict, where: str, notes: Notes) -> dict:
    read: dict = {}
    spelt: dict[str, str] = {}
    for key, value in entry.items():
        right = RIGHT_KEY.get(key)
        if right is None:
            _unknown_key(key, entry, where, notes)
            continue
        if key != right:
            notes.warn(f"{where}.{key}: read as {right}")
        if right in read and _normal(right, read[right]) != _normal(right, value):
            first, second = sorted(((spelt[right], read[right]), (key, value)), key=lambda pair: pair[0] != right)
            notes.error(f"{where}: {first[0]}={shown(first[1])} and {second[0]}={shown(second[1])} differ")
        if right not in read or key == right:
            read[right], spelt[right] = value, key
    return read


def _unknown_key(key: object, entry: dict, where: str, notes: Notes) -> None:
    if key in FEATURE_EXTRAS:
        return
    given = {RIGHT_KEY.get(other) for other in entry}
    absent = [spelling for spelling, right in RIGHT_KEY.items() if right not in given]
    meant = nearest(str(key), absent)
    if meant:
        notes.error(f"{where}.{cut(str(key))} is not a known key; did you mean {RIGHT_KEY[meant]}?")
    else:
        notes.warn(f"{where}.{cut(str(key))} is not a known key and is ignored")


def _normal(key: str, value: object) -> object:
    word = value.strip().lower() if isinstance(value, str) else value
    if key == "feature_type":
        return FEATURE_TYPES.get(word, word) if isinstance(word, str) else word
    if key == "distance_metric":
        return DISTANCES.get(word, word) if isinstance(word, str) else word
    return value


def _kind(read: dict, where: str, notes: Notes) -> str | None:
    if "feature_type" not in read:
        # Dimensions make it a vector beyond doubt.
        if "embedding_dim" in read:
            notes.warn(f"{where}: feature_type is missing; read as 'embedding', since it has embedding_dim")
            return "embedding"
        notes.error(f"{where}: feature_type is missing; a vector has feature_type 'embedding'")
        return None
    kind = _normal("feature_type", read["feature_type"])
    if not isinstance(kind, str):
        notes.error(f"{where}: feature_type must be text, not {type(kind).__name__}")
        return None
    meant = nearest(kind, FEATURE_TYPES) if kind not in FEATURE_TYPES else None
    if meant:
        notes.error(f"{where}: feature_type '{cut(kind)}' is not known; did you mean '{FEATURE_TYPES[meant]}'?")
        return None
    return kind


def _read_vector(read: dict, where: str, notes: Notes) -> Vector | None:
    name, size = read.get("feature_name"), read.get("embedding_dim")
    distance = _normal("distance_metric", read.get("distance_metric", "cosine"))
    good = True
    if not isinstance(name, str) or not name:
        notes.error(f"{where}: feature_name is missing" if name is None else f"{where}: feature_name must be text")
        good = False
    elif fault := _name_fault(name):
        notes.error(f"{where}: feature_name {shown(name)} {fault}")
        good = False
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= DIMENSIONS_MAX:
        what = "is missing" if size is None else f"is {shown(size)}; it must be a whole number from 1 to {DIMENSIONS_MAX}"
        notes.error(f"{where}: embedding_dim {what}")
        good = False
    if distance not in DISTANCES.values():
        known = ", ".join(sorted(set(DISTANCES.values())))
        notes.error(f"{where}: distance_metric {shown(distance)} is not known; it must be one of {known}")
        good = False
    return Vector(name, size, distance) if good else None


def _name_fault(name: str) -> str | None:
    # It is a name in the engine, a column of a frame and a part of a URI.
    if len(name) > NAME_CHARACTERS_MAX:
        return f"has {len(name)} characters; at most {NAME_CHARACTERS_MAX}"
    return None if name.isprintable() else "has a character that cannot be shown"


def read_vector_indexes(value: object, notes: Notes) -> list[Vector]:
    """`required_vector_indexes`, where a manifest has those and no features (plugin contract 2.2)."""
    vectors: list[Vector] = []
    entries = value if isinstance(value, (list, tuple)) else [value]
    if len(entries) > FEATURES_MAX:
        notes.error(f"required_vector_indexes has {len(entries)} entries; at most {FEATURES_MAX}")
        return []
    for index, entry in enumerate(entries):
        where = f"required_vector_indexes[{index}]"
        inner = entry.get("index") if isinstance(entry, dict) else None
        if not isinstance(inner, dict):
            notes.error(f"{where} must be a dict with a name and an index")
            continue
        read = {
            "feature_name": inner.get("name") or entry.get("name"),
            "embedding_dim": inner.get("dimensions"),
            "distance_metric": inner.get("distance", "cosine"),
        }
        if vector := _read_vector(read, where, notes):
            vectors.append(vector)
    return vectors
