"""Makes artifacts of what a page gave, with the place it came from and nothing private in that."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from harvester.documents import is_pdf
from harvester.model import Artifact, Bill, Kind
from harvester.portal import Portal

NO_DOCUMENT = b"A page came in place of the document; what it says is not kept."


def artifact(
    portal: Portal,
    kind: Kind,
    account: str,
    content: str | bytes,
    *,
    url: str = "",
    media_type: str = "application/json",
    about: Mapping[str, str] | None = None,
) -> Artifact:
    """Return an artifact of now; its URL is the page's, if no other is told, without a query."""
    place = urlsplit(url or portal.page.url)
    return Artifact(
        kind=kind,
        account=account,
        content=content.encode() if isinstance(content, str) else content,
        url=f"{place.scheme}://{place.netloc}{place.path}",
        media_type=media_type,
        retrieved_at=portal.now(),
        about=about or {},
    )


def document(portal: Portal, bill: Bill, url: str, content: bytes) -> Artifact:
    """Return a bill's document; of a page that came in its place nothing is kept."""
    return artifact(
        portal,
        Kind.BILL_PDF,
        bill.account,
        content if is_pdf(content) else NO_DOCUMENT,
        url=url,
        media_type="application/pdf",
        about={"bill": bill.key},
    )
