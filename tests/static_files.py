"""Static files are looked through once in a process: every `Client()` has a middleware of its own."""

from typing import Any

from apps.core.static_serving import StaticFiles


def look_through_once() -> None:
    look = StaticFiles.add_files_from_finders
    found: dict[str, dict[str, Any]] = {}

    def remembered(self: Any) -> None:
        if self.static_prefix not in found:
            own, self.files = self.files, {}
            look(self)
            found[self.static_prefix], self.files = self.files, own
        self.files.update(found[self.static_prefix])

    StaticFiles.add_files_from_finders = remembered
