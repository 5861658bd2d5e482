"""`python -m exporter` is `btc-health`."""

import sys

from exporter.cli import main

sys.exit(main())
