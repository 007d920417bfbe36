"""AWS through boto3: metrics, logs, workloads, changes and alarms."""
