"""The admin's looks: names, accent, styles and the menu, as unfold wants them."""

from django.http import HttpRequest
from django.templatetags.static import static


def stylesheet(request: HttpRequest) -> str:
    """Asked for each page: with manifest storage the name is known only after start."""
    return static("hub/hub.css")


def consent_stylesheet(request: HttpRequest) -> str:
    return static("hub/consent.css")


def script(request: HttpRequest) -> str:
    return static("hub/hub.js")


def favicon(request: HttpRequest) -> str:
    return static("crmhub/favicon.svg")


# One hue, that of #2456c8 (step 600), from paper to ink.
ACCENT = {
    "50": "#eff4ff",
    "100": "#dce7ff",
    "200": "#bfd3ff",
    "300": "#94b5fd",
    "400": "#648ff5",
    "500": "#3d6de3",
    "600": "#2456c8",
    "700": "#1f48a6",
    "800": "#1d3d86",
    "900": "#1c356d",
    "950": "#132146",
}

UNFOLD = {
    "SITE_TITLE": "CRM Hub",
    "SITE_HEADER": "CRM Hub",
    "SITE_SUBHEADER": "The hub owns the contact",
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "sizes": "any", "href": favicon}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {"primary": ACCENT},
    "STYLES": [stylesheet, consent_stylesheet],
    "SCRIPTS": [script],
    "COMMAND": {"search_models": True, "show_history": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": "crmhub.menu.navigation",
    },
}
