"""The vendor products that harvester knows how to use, by the name that profiles give."""

from harvester.platforms.oscp import Oscp

PLATFORMS = {"oscp": Oscp}
