"""What the ledger says, read through the management API."""

from __future__ import annotations

from urllib.parse import urlencode

from gateway import Gateway


def receipts_of(gateway: Gateway, **filters: str) -> list[dict]:
    """All receipts, newest first; filters as `GET /requests` takes them."""
    found, cursor = [], {}
    while True:
        page = gateway.manage("GET", f"/requests?{urlencode({'limit': 500, **filters, **cursor})}")
        assert page.status == 200, page.body
        found += page.json["data"]
        if not page.json["has_more"]:
            return found
        cursor = {"cursor": page.json["next_cursor"]}
