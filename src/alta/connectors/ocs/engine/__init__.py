"""A charging engine in memory that behaves like CGRateS, as far as provisioning and its proof need.

Its data are kept in the shapes of the wire, so that answering is reading them and saving them is one JSON
document.
"""

from alta.connectors.ocs.engine import accounts, core, plans, profiles, sessions  # registers their methods
from alta.connectors.ocs.engine.rpc import answer
from alta.connectors.ocs.engine.state import State

__all__ = ["State", "accounts", "answer", "core", "plans", "profiles", "sessions"]
