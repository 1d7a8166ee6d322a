"""Example portals that are deliberately unlike the vendor's, over the same simulated co-op."""
