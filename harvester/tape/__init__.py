"""Recordings of a portal: kept, answered from, and compared with what they brought home."""
