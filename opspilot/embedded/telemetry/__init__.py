"""What an observer sees of the simulation: datapoints, log lines and alarm states."""
