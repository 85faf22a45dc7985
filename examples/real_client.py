"""The real client against the mock server on a free port."""

from __future__ import annotations

from typing import Any, Dict, Optional

import lockstep


def without_password(event: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    event["properties"].pop("password", None)
    return event


def main() -> None:
    with lockstep.MockServer(strict=True) as server:
        with lockstep.Client("phc_example", server.url, before_send=without_password) as client:
            for number in range(1000):
                client.capture(f"user-{number % 10}", "order placed", {"password": "secret"})
            report = client.flush(timeout=10)
        assert report.ok and len(server.stored) == 1000 and not server.violations
        print(f"{len(server.stored)} events in {server.request_count} requests")


if __name__ == "__main__":
    main()
