"""Keeps what a member entrusts: passwords, one-time codes and sessions."""
