"""Telling people, where they asked to be told, what needs them; nothing secret is ever told."""
