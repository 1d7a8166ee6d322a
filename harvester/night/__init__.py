"""Every night on one machine: when who is harvested, by a process that stays or by a timer."""
