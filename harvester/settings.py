"""Where things are kept, from HARVESTER_* variables, systemd or what the command line says."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_home() -> Path:
    return user_data_path("harvester", appauthor=False)


class Settings(BaseSettings):
    """Paths of one home and of what may lie outside of it."""

    model_config = SettingsConfigDict(
        env_prefix="HARVESTER_", frozen=True, validate_by_name=True, validate_by_alias=True
    )

    home: Path = _default_home()
    secrets: Path | None = None
    """A folder of secrets, a file for each; default: the home's own `secrets`."""
    age_file: Path | None = None
    """An age-encrypted file of secrets; default: the home's own `secrets.age`."""
    age_identity: Path | None = None
    """The 0600 file that opens it; default: the systemd credential `age-identity`."""
    credentials: Path | None = Field(default=None, validation_alias="CREDENTIALS_DIRECTORY")
    """Where systemd puts the secrets of a unit."""
    keep: str = "folder"
    """Where new secrets are kept: folder, age or keyring."""
    profiles: Path | None = None
    """A folder of profiles that comes before those shipped; default: the home's own `profiles`."""
    browser: Path | None = None
    """The Chromium to use instead of one that is found."""
    schemas: Path | None = None
    """The published ESPI schemas, in a folder for each version; without them none is checked."""

    queue: SecretStr | None = None
    """The PostgreSQL database of the workers' queue, postgresql://...; without it there is none."""
    queue_limit: int = 50_000
    """How many harvests may wait in it or be under way."""

    @property
    def members_folder(self) -> Path:
        """One file for each sign-in."""
        return self.home / "members"

    @property
    def secrets_folder(self) -> Path:
        """One 0600 file for each secret."""
        return self.secrets or self.home / "secrets"

    @property
    def age_secrets(self) -> Path:
        """One encrypted file of secrets by name."""
        return self.age_file or self.home / "secrets.age"

    @property
    def profile_folders(self) -> tuple[Path, ...]:
        """The user's own folders of profiles, before the shipped one."""
        return (self.profiles or self.home / "profiles",)
