"""From what people have closed in a live Request Tracker to a taxonomy that names its queues."""

import asyncio

import pytest

from tasks.ports.helpdesk import Seen
from tests.acceptance.fleet import Place
from tests.acceptance.founding import Founded, topics, without_config
from tests.acceptance.test_rt import mail
from tests.contracts.stages import RtStage
from tests.servers.rt import Rt

pytestmark = pytest.mark.timeout(180)

QUEUES = {"Hardware": "Geräte & Räume", "Purchase": "Einkauf", "HR Support": "HR/Leave"}


@pytest.fixture(scope="module")
def desk(rt: Rt, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A home of somebody who may ask RT, where people have closed 60 tickets in three queues."""
    for name in (*QUEUES.values(), "Leer", "Alt"):
        rt.ask("POST", "/queue", body={"Name": name})
    for called, queue in QUEUES.items():
        texts = [text for text, topic in topics() if topic == called][:20]
        for number, text in enumerate(texts):
            sender = f"c{number}@example.com"
            ticket = rt.mail(mail(text, "A question", sender))
            values: dict[str, object] = {"Queue": queue, "Status": "resolved"}
            if called == "Purchase" and number < 12:
                values["Priority"] = 60
            assert rt.ada.put(f"/ticket/{ticket}", json=values).is_success
    old = rt.mail(mail("An old question", "Old"))
    assert rt.ada.put(f"/ticket/{old}", json={"Queue": "Alt", "Status": "resolved"}).is_success
    found = rt.ask("GET", "/queues/all", fields="Name")["items"]
    [disabled] = [one["id"] for one in found if one["Name"] == "Alt"]
    rt.ask("PUT", f"/queue/{disabled}", body={"Disabled": 1})
    place = without_config(tmp_path_factory.mktemp("rt"))
    variables = {"TRIAGE_HELPDESK_URL": rt.url, "TRIAGE_HELPDESK_TOKEN": rt.token}
    return Place(folder=place.folder, environment={**place.environment, **variables})


@pytest.fixture(scope="module")
def learnt(desk: Place) -> Founded:
    """What is made of it, by somebody who has set TRIAGE_CONFIG already."""
    mine = desk.folder / "mine"
    variables = {"TRIAGE_CONFIG": str(mine), "TRIAGE_HELPDESK": "rt"}
    place = Place(folder=desk.folder, environment={**desk.environment, **variables})
    words = ("--from", "rt", "--since", "1d", "--dir", str(mine), "--fallback", "Leer")
    said = place.ask("init", *words, "--yes", "--json")
    return Founded(place=place, directory=mine, document=said.json())


def test_a_helpdesks_queues_become_issue_types(learnt: Founded) -> None:
    """With the priorities that people set; what is disabled or empty is not proposed."""
    told = learnt.document
    classes = {one["called"]: one for one in told["classes"]}
    assert classes.keys() >= set(QUEUES.values())
    assert {classes[queue]["n"] for queue in QUEUES.values()} == {20}
    assert [classes[queue]["issue_type"] for queue in QUEUES.values()] == [
        "geraete_raeume",
        "einkauf",
        "hr_leave",
    ]
    assert all(classes[name]["queue"] == name for name in QUEUES.values())
    assert (classes["Einkauf"]["priority"], classes["HR/Leave"]["priority"]) == (2, 3)
    assert "Leer" in told["queues_without_tickets"]
    assert "Alt" not in {*told["queues_without_tickets"], *classes}
    assert "the queue Alt is disabled" in [one["why"] for one in told["left_out"]]


def test_what_is_written_is_what_the_helpdesk_has(learnt: Founded, rt: Rt) -> None:
    """Each queue is there and may be written to, whatever its name is made of."""
    assert learnt.config.taxonomy.fallback_queue == "Leer"
    assert "example.com" not in (learnt.directory / "taxonomy.toml").read_text()
    found = learnt.place.ask("connect", "rt", "--json").json()["findings"]
    queues = {one["what"]: one["level"] for one in found if one["what"].startswith("queue ")}
    assert {queues[f"queue {name}"] for name in (*QUEUES.values(), "Leer")} == {"ok"}
    stage = RtStage(rt)
    asyncio.run(_moved(stage, "Geräte & Räume"))
    assert stage.page().fields["queue"] == "Geräte & Räume"
    stage.helpdesk.close()


async def _moved(stage: RtStage, queue: str) -> None:
    for _ in range(2):  # RT sets its key first
        seen = await stage.helpdesk.look(stage.ticket)
        assert isinstance(seen, Seen)
        await stage.helpdesk.set_fields(
            stage.ticket, {"queue": queue}, key="tf-init", version=seen.version
        )


def test_only_the_newest_tickets_are_read(desk: Place) -> None:
    """And what no machine decides goes to a queue of RT's that is called as such ones are."""
    told = desk.ask("init", "--from", "rt", "--limit", "30", "--json").json()
    assert told["tickets"] + sum(one["count"] for one in told["left_out"]) == 30
    assert told["fallback_queue"] == "triage"
