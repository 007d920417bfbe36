"""Python runs this when it starts: conftest puts this folder on PYTHONPATH for child processes."""

import loopback_only

loopback_only.install()
