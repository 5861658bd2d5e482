"""A seeded Bitcoin world that answers like every source."""

from simulator.app import make_app as make_app
from simulator.recorded import Recorded as Recorded
from simulator.scenario import SCENARIOS as SCENARIOS
from simulator.scenario import SOURCES as SOURCES
from simulator.serving import cli_main as cli_main
from simulator.serving import serve as serve
from simulator.view import World as World
