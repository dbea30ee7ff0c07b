"""What the provider simulator costs: `python -m tests.bench.simulator`.

Real prompts, each another one, over kept-alive connections; the CPU time is the simulator's own.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from config.environment import Environment
from config.load import load
from tasks import prompt
from tests.twins.facts import known
from tests.twins.ticket import CHEAP, a_ticket

TRIAGE = (sys.executable, "-m", "worker.cli.main", "simulate-provider", "--provider", "one=0")
TICKS = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 16


def questions(count: int) -> Iterator[bytes]:
    """Bodies as the gateway sends them, each about another ticket."""
    config = load(Environment.read({"OPENAI_API_KEY": "made-up"}))
    for number in range(count):
        asked = prompt.question(
            prompt.About(
                a_ticket(
                    f"I was charged twice for one coffee on the {number}th (ticket B-{number})"
                ),
                known(),
                config.taxonomy,
            ),
            prompt=config.classify,
            model=config.tiers.model(CHEAP),
        )
        form = {"name": "classify", "strict": True, "schema": asked.schema}
        document = {
            "model": "gpt-6-luna",
            "messages": [{"role": one.role, "content": one.content} for one in asked.messages],
            "response_format": {"type": "json_schema", "json_schema": form},
        }
        yield json.dumps(document).encode()


def _packed(body: bytes) -> bytes:
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n"
    return f"{head}authorization: Bearer made-up\r\n\r\n".encode() + body


async def _ask(port: int, requests: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        size = next(x for x in head.split(b"\r\n") if x.startswith(b"content-length"))
        await reader.readexactly(int(size.partition(b":")[2]))
    writer.close()


async def _ask_all(port: int, requests: list[bytes]) -> None:
    await asyncio.gather(*(_ask(port, requests[n::CONNECTIONS]) for n in range(CONNECTIONS)))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="tests.bench.simulator")
    parser.add_argument("--requests", type=int, default=20_000)
    requests = [_packed(body) for body in questions(parser.parse_args().requests)]
    with subprocess.Popen([*TRIAGE, "--json"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        [found] = json.loads(process.stdout.readline())["providers"]
        port = urlsplit(found["url"]).port or 0
        for name, asked in (("each another", requests), ("the same again", requests[-4000:] * 5)):
            before, began = _cpu_seconds(process.pid), time.monotonic()
            asyncio.run(_ask_all(port, asked))
            seconds = time.monotonic() - began
            cpu = (_cpu_seconds(process.pid) - before) * 1000 / len(asked)
            print(f"{name}: {len(asked) / seconds:.0f} a second, {cpu:.3f} ms of CPU a request")
        process.terminate()


if __name__ == "__main__":
    main()
