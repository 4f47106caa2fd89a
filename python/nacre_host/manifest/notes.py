"""Errors and warnings of one reading."""

from dataclasses import dataclass, field


@dataclass
class Notes:
    """Sentences in the order they were found, none twice."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def error(self, text: str) -> None:
        if text not in self.errors:
            self.errors.append(text)

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
