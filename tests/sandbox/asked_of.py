"""What tests ask of the simulated portal."""

from __future__ import annotations

from datetime import date

from harvester.sandbox.layout import NEWER, OLDER

HOME, SOLAR, SITE = "1000101001", "1000202001", "1000404001"
SMALL, MEDIUM = "1000303001", "1000303002"
BASES = (NEWER, OLDER)
BILLING, HISTORY, USAGE = (
    "/Billing-Payments",
    "/My-Account/Account-History",
    "/My-Account/Usage-History",
)
OLD_HISTORY = "/MyAccount/AccountHistory/tabid/265/Default.aspx"
OLD_USAGE = "/MyAccount/AccountHistory/UsageHistory/MeterUsageList/tabid/266/Default.aspx"
OLD_POPUP = "/CustomerLogin/tabid/123/ctl/Login/Default.aspx"


def us(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def kwh(wh: int | None) -> str:
    return "NaN" if wh is None else f"{wh / 1000:.2f}"
