"""Brings home your own utility data from member portals that offer no export."""
