"""A call graph that people have written down, for what no other source can tell."""

from opspilot.domain.model import Model
from opspilot.domain.workload import Relation


class DeclaredEdge(Model):
    """One dependency as somebody declared it.

    Attributes:
        caller: An ARN, `kind:name` ("function:checkout") or a bare name; `callee` likewise.
        relation: None takes what is usual for the callee's kind.
        through: Alias or version through which a function is called; empty for $LATEST.
        line: Where it stands in the file.
    """

    caller: str
    callee: str
    relation: Relation | None = None
    through: str = ""
    line: int


class DeclaredGraph(Model):
    """All of a file.

    Attributes:
        file: Its name, without its folder.
    """

    file: str
    edges: tuple[DeclaredEdge, ...] = ()
