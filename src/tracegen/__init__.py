"""tracegen: working distributed tracing for a team's services, from one reviewed file."""

__version__ = "0.1.0"
