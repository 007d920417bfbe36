"""The local analyst: a rule-based stand-in for a language model, behind the Converse endpoint.

It sees a Converse request and nothing else: neither the world nor the engine. It reads the
question, chooses among the tools that the request offers, fills their arguments from their schemas,
and words what they gave, with the ids of the evidence and with their figures as they stand. Text in
a tool's result never decides what it does next, except which value of a schema's own list to try.
"""

from opspilot.embedded.analyst.analyst import answer_to
from opspilot.embedded.analyst.request import Request
from opspilot.embedded.analyst.speech import Answer, Block, ToolCall, Words

__all__ = ["Answer", "Block", "Request", "ToolCall", "Words", "answer_to"]
