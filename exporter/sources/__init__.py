"""The providers of data: declarations and pure functions only; no I/O, no clock, no logging."""
