"""YAML whose values know their line, so that a complaint can point at it."""

from dataclasses import dataclass
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Entry:
    """A scalar, a list of entries or a dict of entries, with its line (from 1)."""

    value: Any
    line: int


@dataclass(frozen=True, slots=True)
class Complaint:
    line: int
    key: str
    sentence: str


class Complaints:
    """All that is wrong with a file, to be told at once."""

    def __init__(self) -> None:
        self.found: list[Complaint] = []

    def add(self, line: int, key: str, sentence: str) -> None:
        self.found.append(Complaint(line, key, sentence))

    def told(self, file: str) -> list[str]:
        ordered = sorted(self.found, key=lambda one: one.line)
        return [f"{file}:{one.line}: {one.key}: {one.sentence}" for one in ordered]


def read(text: str, complaints: Complaints) -> Entry | None:
    try:
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        complaints.add(line, "yaml", f"This is no YAML: {error.problem}.")
        return None
    if node is None:
        complaints.add(1, "version", "The file is empty; begin with `version: 1`.")
        return None
    return _entry(node, complaints)


def _entry(node: yaml.Node, complaints: Complaints) -> Entry:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return Entry(_mapping(node, complaints), line)
    if isinstance(node, yaml.SequenceNode):
        return Entry([_entry(item, complaints) for item in node.value], line)
    return Entry(yaml.SafeLoader("").construct_object(node), line)


def _mapping(node: yaml.MappingNode, complaints: Complaints) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        if key in found:
            complaints.add(key_node.start_mark.line + 1, key, "This key stands twice; keep one.")
        found[key] = _entry(value_node, complaints)
    return found
