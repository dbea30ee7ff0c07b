"""The ways in that we add to Flower, all behind its login: the Fleet page and what it needs."""

from pathlib import Path
from typing import ClassVar

from flower.views import BaseHandler
from flower.views.monitor import Metrics
from tornado import web
from tornado.routing import URLSpec

from config.tiers import TIERS
from tasks.run import State
from worker.pages.shown import show
from worker.pages.tables import SECTIONS
from worker.pages.watch import Watch

HERE = Path(__file__).parent

CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

GUARDS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Door(BaseHandler):  # type: ignore[misc]  # Flower ships no types
    """A page of ours. What goes wrong in it is logged, and never shown."""

    def initialize(self, watch: Watch) -> None:
        """Called by tornado for each request."""
        self.watch = watch

    def set_default_headers(self) -> None:
        """Nothing from elsewhere, nothing inline, in nobody's frame, in nobody's cache."""
        for name, value in GUARDS.items():
            self.set_header(name, value)

    def get_template_path(self) -> str:
        """Our templates, not Flower's."""
        return str(HERE)

    def write_error(self, status_code: int, **_: object) -> None:
        """The status in words; Flower's own page would show the traceback."""
        if status_code == UNAUTHORIZED:
            self.set_header("WWW-Authenticate", 'Basic realm="triage fleet", charset="UTF-8"')
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.finish(f"{status_code} {self._reason}\n")


UNAUTHORIZED = 401
UNAVAILABLE = 503


class FleetPage(Door):
    """The page, with the numbers in it: it reads well without its script."""

    @web.authenticated
    async def get(self) -> None:
        """200, also when there is nothing to show but why."""
        view = await self.watch.look()
        self.finish(
            self.render_string(
                "fleet.html",
                shown=show(view),
                age=view.age,
                every=self.watch.every,
                states=[str(state) for state in State],
                tiers=TIERS,
                sections={section.name: section for section in SECTIONS},
            )
        )


class FleetNumbers(Door):
    """The snapshot for scripts, and the page's texts for the page's script."""

    @web.authenticated
    async def get(self) -> None:
        """200 with a snapshot, however old; 503 when there has never been one."""
        view = await self.watch.look()
        if view.snapshot is None:
            self.set_status(UNAVAILABLE)
        numbers = view.snapshot.as_json() if view.snapshot else {}
        trouble = str(view.trouble) if view.trouble else None
        self.finish(
            numbers | {"age_seconds": view.age, "trouble": trouble, "shown": show(view).as_json()}
        )


class FleetFile(Door):
    """Style, script and icon. The pattern of its address names all that it serves."""

    PATTERN: ClassVar[str] = r"/fleet/static/(fleet\.(?:css|js|svg))"

    @web.authenticated
    async def get(self, name: str) -> None:
        """The file; 304 where the browser has it, which asks each time."""
        self.set_header("Content-Type", CONTENT_TYPES[name.rpartition(".")[2]])
        self.set_header("Cache-Control", "private, no-cache")
        self.finish((HERE / name).read_bytes())


CONTENT_TYPES = {
    "css": "text/css; charset=UTF-8",
    "js": "text/javascript; charset=UTF-8",
    "svg": "image/svg+xml",
}


class GuardedMetrics(Metrics):  # type: ignore[misc]  # Flower ships no types
    """Flower's metrics, which name workers and tasks, behind the login as well."""

    @web.authenticated
    async def get(self) -> None:
        """As Flower's."""
        await super().get()


class Front(BaseHandler):  # type: ignore[misc]  # Flower ships no types
    """The front door opens on the Fleet page; so does the name at the top of Flower's pages."""

    @web.authenticated
    async def get(self) -> None:
        """A redirect, relative: Flower may stand behind a proxy's prefix."""
        self.redirect("fleet")


def doors(watch: Watch) -> list[URLSpec]:
    """To be put before Flower's own handlers. URLSpec, since Flower drops a tuple's arguments."""
    seen = {"watch": watch}
    return [
        URLSpec(r"/", Front),
        URLSpec(r"/fleet", FleetPage, seen),
        URLSpec(r"/fleet\.json", FleetNumbers, seen),
        URLSpec(FleetFile.PATTERN, FleetFile, seen),
        URLSpec(r"/metrics", GuardedMetrics),
    ]
