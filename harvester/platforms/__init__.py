"""The vendor products that harvester knows how to use, by the name that profiles give."""

from harvester.errors import Misconfigured, State
from harvester.platforms.generic import Generic
from harvester.platforms.oscp import Oscp
from harvester.profile import Profile

Platform = Oscp | Generic
PLATFORMS: dict[str, type[Platform]] = {"oscp": Oscp, "generic": Generic}


def fit(profile: Profile) -> type[Platform]:
    """Return a profile's platform; Misconfigured where their names do not match both ways."""
    platform = PLATFORMS.get(profile.platform)
    if platform is None:
        raise Misconfigured(
            State.INVALID_PROFILE,
            f"Profile {profile.id}: there is no platform {profile.platform!r}; known are"
            f" {', '.join(PLATFORMS)}.",
        )
    for group, names in platform.names(profile).items():
        given = getattr(profile, group)
        told = given.model_fields_set if group == "walk" else set(given)
        for odd, how in ((names - told, "lacks"), (told - names, "has the unknown")):
            if odd:
                raise Misconfigured(
                    State.INVALID_PROFILE,
                    f"Profile {profile.id}: {group} {how} {', '.join(sorted(odd))};"
                    f" correct the file.",
                )
    return platform
