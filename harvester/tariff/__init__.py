"""What a utility charges: published and learned prices, bills recomputed, schedules compared."""

from harvester.tariff.bill import findings
from harvester.tariff.comparison import compare
from harvester.tariff.learned import Learned, learn

__all__ = ["Learned", "compare", "findings", "learn"]
