"""A retry, from Python: the server is overloaded twice, and the client is patient."""

from __future__ import annotations

from typing import Optional

import lockstep


def answer(request: lockstep.Request) -> Optional[lockstep.Response]:
    """Overloaded for the first minute."""
    if request.at < 60:
        return lockstep.Response(503, {"Retry-After": "30"})
    return None


def main() -> None:
    sim = lockstep.Simulation(seed=1)
    sim.server.respond_with(answer)
    with sim.client(flush_at=1) as client:
        result = client.capture("user-1", "order placed", {"total": 42.5, "currency": "EUR"})
        sim.run_until_idle()
        for request in sim.requests:
            print(request)
        (outcome,) = sim.outcomes
        assert outcome.uuid == result.uuid and outcome.delivered
        print(f"delivered after {sim.requests[-1].at:.3f} s and {outcome.attempts} attempts")


if __name__ == "__main__":
    main()
