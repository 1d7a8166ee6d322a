"""Commands of the embedded simulated portal."""

from __future__ import annotations

import argparse
import asyncio
import sys

from aiohttp import web

from harvester.errors import Misconfigured, State
from harvester.sandbox.app import portal
from harvester.sandbox.app import serve as serve_app
from harvester.sandbox.portals import canvas, forms
from harvester.sandbox.switches import Switches
from harvester.sandbox.truth import truth as all_truth
from harvester.sandbox.world import TODAY, World

PORTS = {"oscp": 8600, "canvas": 8601, "forms": 8602}
"""Where each portal is served; the examples' are those of their profiles."""


def serve(options: argparse.Namespace) -> int:
    """Serve until stopped."""
    world = _world(options)
    app, base = _portal(world, options)
    asked = PORTS[options.portal] if options.port is None else options.port

    async def until_stopped() -> None:
        try:
            runner, port = await serve_app(app, asked)
        except OSError as busy:
            raise Misconfigured(
                State.INVALID_PROFILE, f"Port {asked} cannot be served: {busy.strerror}."
            ) from None
        print(f"SIMULATED PORTAL at http://127.0.0.1:{port}{base}/", flush=True)
        for sign_in in world.sign_ins:
            print(f"  user {sign_in.user}  password {sign_in.password}", flush=True)
        try:
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    try:
        asyncio.run(until_stopped())
    except KeyboardInterrupt:
        print("Stopped.")
    return 0


def _portal(world: World, options: argparse.Namespace) -> tuple[web.Application, str]:
    """Return the portal that is asked for and where on it the pages begin."""
    if options.portal != "oscp":
        example = {"canvas": canvas, "forms": forms}[options.portal]
        return example.portal(world), ""
    try:
        switches = Switches.parse(options.fault)
        made = portal(world, base=options.base, switches=switches, latency_ms=options.latency_ms)
    except ValueError as wrong:
        raise Misconfigured(State.INVALID_PROFILE, str(wrong)) from None
    return made, options.base


def truth(options: argparse.Namespace) -> int:
    """Print what the simulated portal knows."""
    try:
        sys.stdout.writelines(all_truth(_world(options), options.accounts or None))
    except KeyError as unknown:
        raise Misconfigured(
            State.ACCOUNT_NOT_VISIBLE, f"The simulated portal has no account {unknown}."
        ) from None
    return 0


def _world(options: argparse.Namespace) -> World:
    return World(options.seed, options.today or TODAY)
