"""A simulated co-op and its member portal, built from what is known of the real product."""
