"""The scanner under the name that users' tests import (plugin contract 6)."""

from dataclasses import dataclass

from nacre_host.scan.folder import scan_folder
from nacre_host.scan.violation import Violation


@dataclass(frozen=True)
class ScanResult:
    """`passed` is false for any error; in strict mode for any warning too."""

    passed: bool
    violations: list[Violation]


class PluginSecurityScanner:
    """Scans a plugin's folder as the server does."""

    def __init__(self, strict_mode: bool = False) -> None:
        self.strict_mode = strict_mode

    def scan_directory(self, directory) -> ScanResult:
        violations = scan_folder(str(directory))
        blocking = [found for found in violations if self.strict_mode or found.severity == "error"]
        return ScanResult(not blocking, violations)
