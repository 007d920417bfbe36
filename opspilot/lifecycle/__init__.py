"""The incident's lifecycle: one table, and the function that applies it."""

from opspilot.lifecycle.table import TRANSITIONS, Transition, Trigger, advance, allowed_triggers

__all__ = ["TRANSITIONS", "Transition", "Trigger", "advance", "allowed_triggers"]
