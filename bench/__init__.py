"""What the program's own work costs beside a floor: the plainest way to do the same."""
