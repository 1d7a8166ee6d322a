"""What came home: bytes by their hash, rows with their history, and a trail of what was done."""
