"""The review of an incident: drafted from the record, edited and saved by people, exported."""

from opspilot.engine.review.draft import SECTIONS, Record, draft
from opspilot.engine.review.markdown import read, to_markdown
from opspilot.engine.review.reviews import Reviews

__all__ = ["SECTIONS", "Record", "Reviews", "draft", "read", "to_markdown"]
