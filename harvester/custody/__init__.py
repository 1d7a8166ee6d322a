"""What others entrust to the harvester: their permission, passwords, codes and sessions."""
