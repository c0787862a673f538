"""Shape of the graph: one way in, one way out, connected, acyclic, no racing writers."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from scoring.engine.policy.document import INPUT, OUTPUT, SWITCH, EdgeSpec, Graph, NodeSpec
from scoring.engine.policy.errors import Problem


def graph_problems(graph: Graph) -> list[Problem]:
    """Every structural problem of the graph, empty when it is sound."""
    problems: list[Problem] = []
    for kind, label in ((INPUT, "input"), (OUTPUT, "output")):
        count = sum(node.type == kind for node in graph.nodes)
        if count != 1:
            problems.append(Problem("graph_ends", f"one {label} node is needed, found {count}"))
    problems += _edge_problems(graph)
    if problems:
        return problems
    if topological(graph) is None:
        return [Problem("graph_cycle", "the graph has a cycle")]
    start = next(node.id for node in graph.nodes if node.type == INPUT)
    end = next(node.id for node in graph.nodes if node.type == OUTPUT)
    forward = reachable(graph.edges, (start,))
    backward = reachable(_reversed(graph.edges), (end,))
    for node in graph.nodes:
        if node.id not in forward or node.id not in backward:
            problems.append(
                Problem("graph_disconnected", "not between input and output", node=node.id)
            )
    return problems


def _edge_problems(graph: Graph) -> list[Problem]:
    problems: list[Problem] = []
    nodes = {node.id: node for node in graph.nodes}
    seen: set[tuple[str, str, str]] = set()
    for edge in graph.edges:
        source, target = nodes.get(edge.source), nodes.get(edge.target)
        if source is None or target is None:
            problems.append(Problem("edge_end", f"edge {edge.id} leads nowhere"))
            continue
        if target.type == INPUT or source.type == OUTPUT:
            problems.append(Problem("edge_end", f"edge {edge.id} runs backwards", node=source.id))
        handles = {branch.id for branch in source.branches}
        if (source.type == SWITCH) != bool(edge.handle) or (
            edge.handle and edge.handle not in handles
        ):
            problems.append(
                Problem("edge_handle", f"edge {edge.id} has no such branch", node=source.id)
            )
        key = (edge.source, edge.target, edge.handle)
        if key in seen:
            problems.append(Problem("edge_twice", f"edge {edge.id} is doubled", node=source.id))
        seen.add(key)
    return problems


def topological(graph: Graph) -> tuple[str, ...] | None:
    """Node ids in a stable topological order (document order breaks ties); None if cyclic."""
    rank = {node.id: index for index, node in enumerate(graph.nodes)}
    waiting = dict.fromkeys(rank, 0)
    following: dict[str, list[str]] = {node_id: [] for node_id in rank}
    for edge in graph.edges:
        waiting[edge.target] += 1
        following[edge.source].append(edge.target)
    ready = [rank[node_id] for node_id, count in waiting.items() if count == 0]
    heapify(ready)
    order: list[str] = []
    while ready:
        node_id = graph.nodes[heappop(ready)].id
        order.append(node_id)
        for target in following[node_id]:
            waiting[target] -= 1
            if waiting[target] == 0:
                heappush(ready, rank[target])
    return tuple(order) if len(order) == len(rank) else None


def reachable(edges: Iterable[EdgeSpec], starts: Iterable[str]) -> set[str]:
    """Ids reachable from `starts`, those included."""
    following: dict[str, list[str]] = {}
    for edge in edges:
        following.setdefault(edge.source, []).append(edge.target)
    found = set(starts)
    stack = list(found)
    while stack:
        for target in following.get(stack.pop(), ()):
            if target not in found:
                found.add(target)
                stack.append(target)
    return found


class Precedence:
    """Which of two nodes runs first, or whether a first-hit switch lets only one of them run."""

    def __init__(self, graph: Graph) -> None:
        self._after = {node.id: reachable(graph.edges, (node.id,)) for node in graph.nodes}
        start = next(node.id for node in graph.nodes if node.type == INPUT)
        self._switches = [
            _switch_reach(graph, node, start, self._after)
            for node in graph.nodes
            if node.type == SWITCH and node.hit_policy == "first"
        ]

    def settled(self, one: str, other: str) -> bool:
        """True when the two nodes have a fixed order or never both run."""
        if other in self._after[one] or one in self._after[other]:
            return True
        return any(
            {one, other} <= guarded and not any({one, other} <= reach for reach in branches)
            for guarded, branches in self._switches
        )


def _switch_reach(
    graph: Graph, switch: NodeSpec, start: str, after: dict[str, set[str]]
) -> tuple[set[str], list[set[str]]]:
    """Nodes that run only through the switch, and the nodes each of its branches leads to."""
    around = [edge for edge in graph.edges if switch.id not in (edge.source, edge.target)]
    guarded = set(after) - reachable(around, (start,)) - {switch.id}
    branches: dict[str, set[str]] = {}
    for edge in graph.edges:
        if edge.source == switch.id:
            branches.setdefault(edge.handle, set()).update(after[edge.target])
    return guarded, list(branches.values())


def _reversed(edges: Iterable[EdgeSpec]) -> list[EdgeSpec]:
    return [EdgeSpec(edge.id, edge.target, edge.source) for edge in edges]
