"""The embedded AWS account: one loopback process that speaks the AWS API over a simulated workload.

The product knows it only as an endpoint URL and a few control routes (`client`). Inside, four
layers:

* `workloads`, `fleet`, `faults`: data. What runs, how much traffic, what can go wrong.
* `configuration`, `changes`, `journal`, `clock`, `world`: the state of the account and its
  durability.
* `simulator`: (time, configuration timeline, seed) -> every invocation, pure and lazy.
* `telemetry`, `handlers`, `server`: datapoints, log lines and alarms from those invocations, over
  HTTP.
"""
