"""Harvests as jobs that many workers share, in a PostgreSQL database by way of Procrastinate."""
