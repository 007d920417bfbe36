"""Competing explanations from the ledger, and the verdict by rule; pure."""

from opspilot.diagnosis.assessment import Assessment
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.signatures import CATALOGUE, Signature
from opspilot.diagnosis.verdict import RULES_VERSION, diagnose

__all__ = ["CATALOGUE", "RULES_VERSION", "Assessment", "Case", "Signature", "diagnose"]
