"""Log lines: templates, and what differs between two windows."""

from opspilot.analysis.logs.diff import PatternChange, compare_logs
from opspilot.analysis.logs.templates import LogTemplates, mine_templates

__all__ = ["LogTemplates", "PatternChange", "compare_logs", "mine_templates"]
