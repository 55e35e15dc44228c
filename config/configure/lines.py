"""YAML whose values know their line, so that a complaint can point at it."""

from dataclasses import dataclass, field
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Entry:
    """A scalar, a list of entries or a dict of entries.

    `line` (from 1) is where its key stands, for an item of a list where it begins itself.
    """

    value: Any
    line: int
    raw: str = ""  # a scalar as it is written: 007 and 1_000 are passwords too


@dataclass(frozen=True, slots=True, order=True)
class Complaint:
    line: int
    key: str
    sentence: str


@dataclass(slots=True)
class Complaints:
    """All that is wrong with a file, to be told at once."""

    found: list[Complaint] = field(default_factory=list)

    def add(self, line: int, key: str, sentence: str) -> None:
        complaint = Complaint(line, key, sentence)
        if complaint not in self.found:
            self.found.append(complaint)

    def told(self, file: str) -> list[str]:
        return [f"{file}:{one.line}: {one.key}: {one.sentence}" for one in sorted(self.found)]


def read(text: str, complaints: Complaints) -> Entry | None:
    """The whole document; None when it is no YAML, and then the complaints say why."""
    try:
        if _has_alias(text, complaints):
            return None
        node = yaml.compose(text, yaml.SafeLoader)
        if node is not None:
            return _entry(node, _line(node), complaints)
        complaints.add(1, "version", "The file is empty; begin with `version: 1`.")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        complaints.add(mark.line + 1 if mark else 1, "yaml", f"This is no YAML: {error.problem}.")
    except (yaml.YAMLError, RecursionError) as error:
        first_line = str(error).partition("\n")[0] or type(error).__name__
        complaints.add(1, "yaml", f"This cannot be read: {first_line}.")
    return None


def _has_alias(text: str, complaints: Complaints) -> bool:
    """An alias of an alias of an alias fills the memory, and no settings need one."""
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else 1
            complaints.add(line, "yaml", "An alias (*name) is not read; write the value again.")
            return True
    return False


def _entry(node: yaml.Node, line: int, complaints: Complaints) -> Entry:
    if isinstance(node, yaml.MappingNode):
        return Entry(_mapping(node, complaints), line)
    if isinstance(node, yaml.SequenceNode):
        return Entry([_entry(item, _line(item), complaints) for item in node.value], line)
    return Entry(_scalar(node), line, str(node.value))


def _scalar(node: yaml.Node) -> Any:
    try:
        return yaml.SafeLoader("").construct_object(node)
    except ValueError:  # written like a date or a number that does not exist, as 2026-02-31
        return str(node.value)


def _mapping(node: yaml.MappingNode, complaints: Complaints) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), _line(key_node)
        if key in found:
            complaints.add(line, key, "This key stands twice; keep one.")
        found[key] = _entry(value_node, line, complaints)
    return found


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
