"""The tree that the paths of queues make. Queues are few, so it is grown where it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from apps.queues.models import Queue

Place = tuple[str, ...]


@dataclass(slots=True)
class Node:
    """A queue in its place, or a heading where a path names something that is no queue."""

    place: Place
    queue: Queue | None = None
    parent: int | None = None  # the nearest queue above
    below: list[int] = field(default_factory=list)  # ids of queues, itself first

    @property
    def name(self) -> str:
        return self.queue.name if self.queue else self.place[-1]

    @property
    def depth(self) -> int:
        return len(self.place) - 1


def place_of(queue: Queue) -> Place:
    """Without a path it stands at the top under its own name."""
    return tuple(queue.path.split("/")) if queue.path else (queue.name,)


def with_those_below(queue: Queue, among: Iterable[Queue]) -> list[int]:
    """The ids of QUEUE and of every queue whose path goes on where its path ends."""
    place = place_of(queue)
    return [queue.pk, *(one.pk for one in among if _is_below(place_of(one), place))]


def tree_of(queues: Sequence[Queue]) -> list[Node]:
    """Every queue with the headings that lead to it, parents before their children."""
    nodes = [Node(place_of(one), one) for one in queues]
    taken = {node.place for node in nodes}
    above = {node.place[:n] for node in nodes for n in range(1, len(node.place))}
    nodes += [Node(place) for place in above - taken]
    nodes.sort(key=_order)
    first: dict[Place, int] = {}
    for node in nodes:
        if node.queue:
            first.setdefault(node.place, node.queue.pk)
            node.below.append(node.queue.pk)
        node.below += [one.pk for one in queues if _is_below(place_of(one), node.place)]
        nearest = (first.get(node.place[:n]) for n in range(len(node.place) - 1, 0, -1))
        node.parent = next((pk for pk in nearest if pk), None)
    return nodes


def _is_below(place: Place, other: Place) -> bool:
    return len(place) > len(other) and place[: len(other)] == other


def _order(node: Node) -> tuple[Place, Place, str]:
    """As people sort, then exactly, so that a place is never torn apart from what is below."""
    return tuple(part.casefold() for part in node.place), node.place, node.name
