"""One finding of the scan."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Violation:
    """`file` is relative to the plugin's folder, `line` 1-based, `column` 0-based, `severity` error or warning."""

    file: str
    line: int
    column: int
    message: str
    severity: str

    @property
    def filename(self) -> str:
        """The older name, which users' tests read (plugin contract 6)."""
        return self.file

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"
