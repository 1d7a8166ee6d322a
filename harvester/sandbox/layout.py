"""Where things are and what they are called on each base, before and after a redesign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from harvester.sandbox.switches import Switches

NEWER, OLDER = "/onlineportal", "/oscp"
METHODS = "/DesktopModules/MeterUsage/API/MeterData.aspx/"


@dataclass(frozen=True)
class Words:
    """Ids and labels of the sign-in form; `control` is the naming container in form names."""

    control: str
    user_id: str
    user_label: str = "User ID"
    password_id: str = ""
    password_label: str = "Password"
    button: str = "btnLogin"
    button_label: str = "Sign In"
    content: str = "dnn_ctr401_ContentPane"
    log_out: str = "Log Out"
    user_name: str = "txtUsername"
    password_name: str = "txtPassword"
    account: str = "Account Number"

    def name(self, field_name: str) -> str:
        """Return the form name of a field, as dnn$ctr384$CustomerLogin$btnLogin."""
        return f"{self.control}${field_name}"

    def id(self, field_name: str) -> str:
        """Return the long id of a field, as dnn_ctr384_CustomerLogin_btnLogin."""
        return self.name(field_name).replace("$", "_")


@dataclass(frozen=True)
class Tables:
    """Ids and headers of the two tables, and the function behind the bill icon."""

    history: str = "no-more-tables"
    accounts: str = "example2"
    view: str = "saveViewHTML"
    columns: tuple[str, ...] = (
        "View", "Billing Date", "Due Date", "Meter Read Date", "Net KWH", "Bill Type",
        "Bill Amount",
    )  # fmt: skip
    order: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    """In which the columns are shown."""
    wrapped: bool = False
    """Whether the ids are those of elements around the tables."""


@dataclass(frozen=True)
class Layout:
    """Paths are below the base; `tokens` says whether forms carry a request-verification token."""

    base: str
    sign_in: str
    billing: str
    landing: str
    """Where a sign-in without a return address leads."""
    history: str
    usage: str
    tokens: bool
    keymbr: bool
    """Whether the feeds ask for the member number."""
    words: Words
    generator: str
    """Of the view state."""
    validated: bool = True
    """Whether forms carry an event validation."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Further fields of every form; nobody looks at what comes back."""
    tables: Tables = field(default_factory=Tables)
    methods: str = METHODS
    """Before the names of the page methods that tell days and hours."""
    popup: str = ""
    """The sign-in form for the iframe of the older base."""
    frame: str = ""
    """The sign-in form for the iframe of the sign-in page."""

    def url(self, path: str) -> str:
        """Return a path with the base before it."""
        return self.base + path


_LAYOUTS = {
    NEWER: Layout(
        base=NEWER,
        sign_in="/Customer-Login",
        billing="/Billing-Payments",
        landing="/BillingPayments/tabid/42/Default.aspx",
        history="/My-Account/Account-History",
        usage="/My-Account/Usage-History",
        tokens=True,
        keymbr=True,
        words=Words("dnn$ctr384$CustomerLogin", "txtUsername", password_id="txtPassword"),
        generator="F57EDA00",
    ),
    OLDER: Layout(
        base=OLDER,
        sign_in="/OnlineServices/FeaturesLogin/tabid/123/Default.aspx",
        popup="/CustomerLogin/tabid/123/ctl/Login/Default.aspx",
        billing="/BillingPayments/tabid/42/Default.aspx",
        landing="/BillingPayments/tabid/42/Default.aspx",
        history="/MyAccount/AccountHistory/tabid/265/Default.aspx",
        usage="/MyAccount/AccountHistory/UsageHistory/MeterUsageList/tabid/266/Default.aspx",
        tokens=False,
        keymbr=False,
        words=Words(
            "dnn$ctr564$FeatureLogin",
            "txtUsername",
            password_id="txtPassword",
            button_label="Login",
        ),
        generator="F462CD71",
        validated=False,
        hidden={
            "ScriptManager_TSM": "",
            "StylesheetManager_TSSM": "",
            "hidEnableRedirection": "true",
            "hidParam484": "1",
            "hidSmartApp": "0",
        },
    ),
}

_NEW_WORDS = Words(
    control="app$gateway",
    user_id="identifier",
    user_label="Mobile number or e-mail",
    user_name="identifier",
    password_id="credential",
    password_label="Passphrase",
    password_name="credential",
    button="btnContinue",
    button_label="Continue",
    content="app_main",
    log_out="Leave",
)
_NEW_TABLES = Tables(
    history="statements",
    accounts="places",
    view="openStatement",
    columns=("Document", "Issued", "Pay By", "Read On", "Energy", "Kind", "Owed"),
)
_REDESIGNED_WORDS: Mapping[str, Mapping[str, str]] = {
    "ids": {"user_id": "usr", "password_id": "pwd"},
    "labels": {
        "user_id": "",
        "user_label": "Member login",
        "password_id": "",
        "password_label": "Secret phrase",
    },
    "iframe": {
        "user_id": "gateMember",
        "user_label": "Member login",
        "password_id": "gateSecret",
        "password_label": "Secret phrase",
    },
    "language": {
        "user_id": "txtUsuario",
        "user_name": "txtUsuario",
        "user_label": "ID de usuario",
        "password_id": "txtClave",
        "password_name": "txtClave",
        "password_label": "Contraseña",
    },
    "link": {"button": "lnkEnter"},
    "facts": {"account": "Service Number"},
}
_REDESIGNED_TABLES = {
    "ids": Tables(history="statementGrid", accounts="placeGrid"),
    "columns": Tables(history="billGrid", order=(6, 2, 1, 0, 5, 4, 3)),
    "wrapper": Tables(history="bill-list", accounts="place-list", wrapped=True),
}


def layout(base: str, switches: Switches) -> Layout:
    """Return the layout of a base as the switches want it; ValueError where there is none."""
    if base not in _LAYOUTS:
        message = f"There is no base {base!r}; the known ones are {', '.join(_LAYOUTS)}."
        raise ValueError(message)
    found = _LAYOUTS[base]
    words = found.words
    if switches.ids == "long":
        long = {"user_id": words.id("txtUsername"), "password_id": words.id("txtPassword")}
        found = replace(found, words=replace(words, **long))
    if switches.redesign in {"all", "sign-in"}:
        found = replace(found, words=_NEW_WORDS)
    if switches.redesign in {"all", "tables"}:
        found = replace(found, tables=_NEW_TABLES)
    found = replace(
        found,
        words=replace(found.words, **_REDESIGNED_WORDS.get(switches.redesign, {})),
        tables=_REDESIGNED_TABLES.get(switches.redesign, found.tables),
        frame="/Customer-Gate" if switches.redesign == "iframe" else "",
    )
    if switches.redesign in {"all", "feeds"}:
        found = replace(found, methods="/DesktopModules/EnergyInsight/API/Insight.aspx/")
    return found
