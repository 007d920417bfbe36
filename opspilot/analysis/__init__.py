"""What is abnormal, since when and how surely: pure functions, one algorithm per file."""

from opspilot.analysis.anomaly import Alert, AnomalyReport, detect_anomalies
from opspilot.analysis.changepoint import ChangePoint, change_points
from opspilot.analysis.findings import metric_detail, metric_sentence
from opspilot.analysis.lag import Lag, lag_of
from opspilot.analysis.log_findings import log_detail, log_sentence
from opspilot.analysis.logs import LogTemplates, PatternChange, compare_logs, mine_templates
from opspilot.analysis.onset import Onset, onset_of
from opspilot.analysis.ranking import Suspect, rank_suspects
from opspilot.analysis.recovery import measure
from opspilot.analysis.series import SeriesError
from opspilot.analysis.wide import WideError

__all__ = [
    "Alert",
    "AnomalyReport",
    "ChangePoint",
    "Lag",
    "LogTemplates",
    "Onset",
    "PatternChange",
    "SeriesError",
    "Suspect",
    "WideError",
    "change_points",
    "compare_logs",
    "detect_anomalies",
    "lag_of",
    "log_detail",
    "log_sentence",
    "measure",
    "metric_detail",
    "metric_sentence",
    "mine_templates",
    "onset_of",
    "rank_suspects",
]
