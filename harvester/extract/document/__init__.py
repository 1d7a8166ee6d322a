"""A bill's PDF read by layouts that are data."""
