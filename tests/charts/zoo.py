"""The zoo: serves each library's pages, reads them by every strategy, and grades what comes out."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from aiohttp import web
from charts.libraries import DRAW, INSTALLED, LIBRARIES, build, page
from charts.truth import LONG, SHORT, ZONE, Case
from playwright.async_api import BrowserContext

from harvester.browser import open_browser, open_context
from harvester.graph import STRATEGIES, Graph, hours, read, strategies, watch
from harvester.graph.drawn import look
from harvester.graph.points import Raw
from harvester.wire import Wire
