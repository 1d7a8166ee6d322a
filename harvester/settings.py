"""Where things are kept, from HARVESTER_* variables or what the command line says."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_home() -> Path:
    return user_data_path("harvester", appauthor=False)


class Settings(BaseSettings):
    """Paths of one home and of what may lie outside of it."""

    model_config = SettingsConfigDict(env_prefix="HARVESTER_", frozen=True)

    home: Path = _default_home()
    secrets: Path | None = None
    """A folder of passwords, a file per member; default: the home's own `secrets`."""
    profiles: Path | None = None
    """A folder of profiles that comes before those shipped; default: the home's own `profiles`."""
    browser: Path | None = None
    """The Chromium to use instead of one that is found."""

    @property
    def members_folder(self) -> Path:
        """One file for each sign-in."""
        return self.home / "members"

    @property
    def secrets_folder(self) -> Path:
        """One 0600 file with a password for each sign-in."""
        return self.secrets or self.home / "secrets"

    @property
    def profile_folders(self) -> tuple[Path, ...]:
        """The user's own folders of profiles, before the shipped one."""
        return (self.profiles or self.home / "profiles",)
