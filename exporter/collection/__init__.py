"""From the declarations of the sources to a snapshot: when to ask, whom, how often, and what to believe."""
