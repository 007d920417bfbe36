"""The pure heart: (time, configuration timeline, seed) -> every invocation of the workload.

Work is done in chunks of one account hour. All random draws of a chunk have shapes that depend on
the traffic only, never on configuration, so a change at time t leaves everything before t as it
was.
"""
