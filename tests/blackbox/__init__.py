"""The program as its users run it: real processes, real ports, nothing known of the inside."""
