"""The two ways to run the demo: with a page for a person, and unattended through all lessons."""

import asyncio
import json
import os
import sys
import time
import webbrowser
from dataclasses import dataclass

import click

from tulle.agent.addresses import free_port
from tulle.cli.demo.course import Course, Progress
from tulle.cli.demo.lesson import Verdict, brief_verdict, describe_verdict, load_lessons
from tulle.cli.demo.mesh import GATEWAY_PORT, DemoMesh
from tulle.cli.demo.page_server import Page, serve_page
from tulle.cli.demo.traffic import RATE, Traffic
from tulle.cli.mesh.application import wait_until_open
from tulle.cli.mesh.session import Session
from tulle.cli.output import heading, progress, waiting
from tulle.foundation.errors import FindingsFound
from tulle.foundation.version import VERSION

PAGE_PORT = 15090
ENOUGH = {"guest": 100, "jason": 30}  # requests after which a lesson's shares are worth a line


@dataclass(slots=True)
class Demo:
    """One run of `tulle demo`."""

    engine: str
    open_browser: bool = True
    as_data: bool = False

    async def run_with_page(self, session: Session) -> int:
        """Starts the mesh, its traffic and its page, and stays until it is told to stop."""
        demo = await self._start(session)
        traffic = Traffic(time.time)
        course = Course(demo, traffic, say_progress)
        session.background(traffic.run(demo.ask))
        progress("ok", f"{'traffic':<14} {RATE:g} requests a second through the gateway")
        port = free_port(wanted=PAGE_PORT)
        for name, wanted, found in (("page", PAGE_PORT, port), ("shop", GATEWAY_PORT, demo.gateway_port)):
            if found != wanted:
                progress("info", f"port {wanted} is taken; the {name} is at {found}")
        session.background(serve_page(Page(demo, course, traffic), port))
        await wait_until_open(port, timeout_s=10.0)
        page, gateway = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{demo.gateway_port}"
        session.publish(demo.mesh.state(os.getpid(), page, gateway))
        session.ready = True
        say_where(page, gateway)
        session.background(report_shares(course))
        if self.open_browser and may_open_browser():
            await asyncio.to_thread(webbrowser.open, page)
        await session.stop.wait()
        return 0

    async def run_lessons(self, session: Session) -> int:
        """Proves every lesson in turn; 79 when one fails."""
        demo = await self._start(session)
        course = Course(demo, Traffic(time.time), lambda _: None)
        results = []
        for lesson in course.lessons:
            waiting(lesson.title)
            result = await course.prove(lesson)
            results.append(result)
            say_result(result)
        passed = all(result["passed"] for result in results)
        if self.as_data:
            click.echo(json.dumps({"engine": self.engine, "lessons": results, "passed": passed}, indent=2))
        return 0 if passed else FindingsFound.exit_code

    async def _start(self, session: Session) -> DemoMesh:
        heading(f"tulle demo {VERSION}", "Ctrl-C stops everything")
        began = asyncio.get_running_loop().time()
        demo = DemoMesh(session, self.engine)
        waiting("control plane, services and proxies")
        await demo.start(load_lessons()[0])
        seconds = asyncio.get_running_loop().time() - began
        progress("ok", f"{'control plane':<14} {demo.mesh.admin_url}")
        count = len(demo.mesh.proxies)
        progress("ok", f"{f'{count} proxies':<14} {self.engine}, all have their configuration after {seconds:.1f} s")
        return demo


def say_where(page: str, gateway: str) -> None:
    """The places to look at, and what to try."""
    first = load_lessons()[1]
    for label, what, why in (
        ("Open", page, "the mesh: shares, lessons, proxies"),
        ("", gateway, "the shop"),
        ("Try", "tulle demo next", f"the next lesson: {first.title}"),
        ("", "tulle proxy-status", "which proxy has taken what"),
    ):
        click.echo(f"    {label:<6} {what:<24} {why}", err=True)


def say_progress(change: Progress) -> None:
    """One line when the rules of a lesson are in force."""
    state, words = change.describe()
    progress(state, f"{change.lesson.title}: {words}")


def say_result(result: dict[str, object]) -> None:
    """What a lesson brought."""
    state = "ok" if result["passed"] else "error"
    progress(state, f"{result['title']} ({result['in_force_after_ms']} ms)")
    shares = result["shares"]
    for item in shares if isinstance(shares, list) else ():
        progress("info", f"  {describe_verdict(Verdict(**item))}")
    failures = result["failures"]
    for failure in failures if isinstance(failures, list) else ():
        progress("error", f"  {failure}")


async def report_shares(course: Course, pause_s: float = 1.0) -> None:
    """Prints the measured shares beside the wanted ones: live on a terminal, once for each lesson in any case."""
    told = -1
    while True:
        await asyncio.sleep(pause_s)
        change = course.progress
        if change.outcome is None or course.edited_at() is not None:
            continue
        verdicts = course.verdicts()
        if told != change.number and all(item.requests >= ENOUGH[item.user] for item in verdicts):
            told = change.number
            for item in verdicts:
                progress("ok" if item.near else "warning", describe_verdict(item))
        elif sys.stderr.isatty():
            waiting("   ".join(brief_verdict(item) for item in verdicts))


def may_open_browser() -> bool:
    """Whether a person sits before a screen of this machine."""
    if os.environ.get("CI") or os.environ.get("SSH_CONNECTION"):
        return False
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
