"""What an observer of the account sees of the simulation: datapoints, log lines and alarm states."""
