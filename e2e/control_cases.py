"""Freezing, thawing and killing real builds: that one and no other, by whom the policy allows, and on record."""

import http.client
import json
import pathlib
import random
import signal
import socket
import subprocess
import time

from cases import case, the_one
from harness import LAUNCHER, Wrong, eventually, expect, expect_in

REFUSED = 5
TICK = "i=0; while [ $i -lt %d ]; do echo tick $i; i=$((i+1)); sleep 0.1; done; echo > $out"


class Ticking:
    """Two builds that differ in nothing but who wants them, and say every tenth of a second how far they are."""

    def __init__(self, nix, nixtape, name, ticks=200):
        self._nixtape = nixtape
        self.name = name
        script = TICK % ticks
        file = nix.expression(name, f'{{ alice = make {{ who = "alice"; }} "{name}" "{script}"; bob = make {{ who = "bob"; }} "{name}" "{script}"; }}')
        self.clients = {user: nix.start("nix", "build", "--no-link", "-f", file, user, user=user) for user in ("alice", "bob")}
        self.ids = eventually(self._both)

    def _both(self):
        running = {b["user"]: b["id"] for b in self._nixtape.activities("build", self.name, "--running")}
        expect({"alice", "bob"}, set(running), "for whom builds run")
        return running

    def ticks(self, user):
        return self._nixtape.get(f"/v1/builds/{self.ids[user]}")["logLines"]

    def goes_on(self, user):
        before = self.ticks(user)

        def further():
            if self.ticks(user) < before + 5:
                raise Wrong(f"more than {before} ticks of {user}'s build", self.ticks(user))

        eventually(further)

    def end(self, user, status):
        _, err = self.clients[user].communicate(timeout=60)
        if self.clients[user].returncode != status:
            raise Wrong(f"exit status {status} of {user}'s client", f"{self.clients[user].returncode}: {err[-500:]}")

    def build(self, user):
        return the_one([b for b in self._nixtape.builds(self.name) if b["user"] == user], f"builds of {user}'s")


def controlled(nixtape, *command, status=0):
    """The results of a command."""
    return json.loads(nixtape.command(*command, "-o", "json", status=status))


def evidence(build):
    return [e["detail"] for e in build["evidence"] if e["source"] == "control"]


def cgroup_events():
    return list(pathlib.Path("/sys/fs/cgroup").glob("**/nix-build-*/cgroup.events"))


def frozen_cgroups():
    return sum("frozen 1" in file.read_text() for file in cgroup_events())


def freeze_and_thaw(nix, nixtape, name):
    two = Ticking(nix, nixtape, name)
    nixtape.command("freeze", two.ids["alice"], "--reason", "to look at it")
    frozen = two.ticks("alice")
    two.goes_on("bob")
    eventually(lambda: expect(frozen, two.ticks("alice"), "ticks of the frozen build"))
    return two, frozen


def freeze_kill(nix, nixtape, name):
    """Freezes one of two, thaws it, and kills it; the other knows nothing of it."""
    two, frozen = freeze_and_thaw(nix, nixtape, name)
    two.goes_on("bob")
    expect(frozen, two.ticks("alice"), "ticks of the frozen build")
    nixtape.command("thaw", two.ids["alice"])
    two.goes_on("alice")
    nixtape.command("kill", two.ids["alice"], "--reason", "it eats the machine")
    two.end("alice", 1)
    two.end("bob", 0)

    def check():
        build = two.build("alice")
        expect("interrupted", build["outcome"], "outcome of what was killed")
        expect(["interrupted by root via nixtape: it eats the machine"], evidence(build), "evidence")
        expect("succeeded", two.build("bob")["outcome"], "outcome of the other")
        expect([], evidence(two.build("bob")), "evidence of the other")

    return check


@case
def freeze(nix, nixtape):
    """A frozen build stands still while one like it goes on, and ends well when it is thawed."""
    two, _ = freeze_and_thaw(nix, nixtape, "freeze")
    expect(1, frozen_cgroups(), "number of frozen cgroups")

    def shown():
        rows = {b["id"]: b for b in nixtape.ask("builds", "--running")}
        expect((True, False), tuple((rows[two.ids[u]]["now"] or {}).get("frozen") for u in ("alice", "bob")), "who is shown as frozen")

    eventually(shown)
    nixtape.command("thaw", two.ids["alice"])
    two.end("alice", 0)
    two.end("bob", 0)

    def check():
        for user in ("alice", "bob"):
            expect(("succeeded", []), (two.build(user)["outcome"], evidence(two.build(user))), f"{user}'s build")
        if two.build("alice")["cpuUserMs"] is None:
            raise Wrong("processor time of a build that ended", None)

    return check


@case
def kill(nix, nixtape):
    """A killed build is interrupted, by whom and why; one like it succeeds."""
    return freeze_kill(nix, nixtape, "victim")


@case
def without_cgroups(nix, nixtape):
    """The same by signals, where Nix makes no cgroups."""
    nix.configure("use-cgroups = false")
    try:
        return freeze_kill(nix, nixtape, "signals")
    finally:
        nix.configure("use-cgroups = true")


@case
def not_allowed(nix, nixtape):
    """Whom the policy does not name is refused, and that is on record."""
    two = Ticking(nix, nixtape, "policy", ticks=30)
    done = subprocess.run(
        ["setpriv", "--reuid", str(nix.users["alice"]), "--clear-groups", LAUNCHER, "kill", two.ids["bob"], "--reason", "envy"],
        env={**nixtape.environment, "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    expect(REFUSED, done.returncode, f"exit status ({done.stdout} {done.stderr}) ")
    for user in ("alice", "bob"):
        two.end(user, 0)

    def check():
        expect("succeeded", two.build("bob")["outcome"], "outcome")
        row = the_one([c for c in nixtape.ask("audit") if c["command"]["target"]["build"] == two.ids["bob"]], "commands about it")
        expect(("alice", "kill", "envy"), (row["command"]["issuer"], row["command"]["action"]["do"], row["command"]["reason"]), "the record")
        expect(("refused", "not-allowed"), (row["result"]["ending"]["ended"], row["result"]["ending"]["why"]), "how it ended")

    return check


@case
def look_inside(nix, nixtape):
    """The processes of a build, and its environment without secrets."""
    file = nix.expression("inside", '{ a = make { API_TOKEN = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"; colour = "blue"; } "inside" "sleep 5; echo > $out"; }')
    client = nix.start("nix", "build", "--no-link", "-f", file, "a")
    build = eventually(lambda: the_one(nixtape.activities("build", "inside", "--running"), "running builds"))
    expect_in("sleep", nixtape.command("ps", build["id"]), "processes")
    environment = nixtape.command("env", build["id"])
    expect_in("colour", environment, "environment")
    expect_in("blue", environment, "environment")
    if "ghp_" in environment:
        raise Wrong("a masked API_TOKEN", environment)
    expect(0, client.wait(timeout=60), "exit status")
    nixtape.command("ps", build["id"], status=(3, REFUSED))
    return lambda: expect("succeeded", the_one(nixtape.builds("inside"), "builds")["outcome"], "outcome")


@case
def limits(nix, nixtape):
    """A limit holds, or is refused with what would make it possible."""
    file = nix.expression("limits", '{ a = sh "limits" "sleep 4; echo > $out"; }')
    client = nix.start("nix", "build", "--no-link", "-f", file, "a")
    build = eventually(lambda: the_one(nixtape.activities("build", "limits", "--running"), "running builds"))
    said = nixtape.command("limit", build["id"], "--cpu", "50%", "--memory", "1G", status=(0, REFUSED))
    cgroups = list(pathlib.Path("/sys/fs/cgroup").glob("**/nix-build-*/cpu.max"))
    if cgroups:
        expect(["50000 100000"], [file.read_text().strip() for file in cgroups], "cpu.max")
    else:
        expect_in("controller", said, "why not")
    expect(0, client.wait(timeout=60), "exit status")
    return lambda: expect("succeeded", the_one(nixtape.builds("limits"), "builds")["outcome"], "outcome")


@case
def one_of_eight(nix, nixtape):
    """A hundred times one of eight builds is killed, at any moment of its life: never another."""
    rounds, killed = 100, {}
    chance = random.Random(20261117)
    for number in range(rounds):
        name = f"eight-{number}"
        builds = " ".join(f'a{n} = sh "{name}-{n}" "sleep {chance.uniform(0.3, 3):.2f}; echo > $out";' for n in range(8))
        file = nix.expression(name, f"{{ {builds} }}")
        client = nix.start("nix", "build", "--no-link", "--keep-going", "-j", "8", "-f", file, *[f"a{n}" for n in range(8)])

        def begun():
            running = nixtape.get("/v1/builds?show=running&kind=build")
            mine = [b for b in running if b["name"].startswith(name + "-")]
            if not mine:
                raise Wrong("a build that runs", running)
            return mine

        victim = chance.choice(eventually(begun))
        time.sleep(chance.uniform(0, 0.8))  # the moment is what is tried
        done = subprocess.run(
            [LAUNCHER, "kill", victim["id"], "-o", "json"], env=nixtape.environment, capture_output=True, text=True, timeout=60
        )
        if done.returncode not in (0, 3, REFUSED):
            raise Wrong("exit status 0, 3 or 5 of kill", f"{done.returncode}: {done.stdout} {done.stderr}")
        client.communicate(timeout=60)
        killed[victim["name"]] = done.returncode

    def check():
        builds = {b["name"]: b for b in nixtape.builds("eight-")}
        expect(8 * rounds, len(builds), "number of builds")
        others = {n: b["outcome"] for n, b in builds.items() if n not in killed and (b["outcome"], evidence(b)) != ("succeeded", [])}
        expect({}, others, "others that did not succeed")
        for name, status in killed.items():
            if status == 0 and builds[name]["outcome"] not in ("interrupted", "succeeded"):
                raise Wrong(f"{name} interrupted, or ended before", builds[name]["outcome"])
            if status != 0:
                expect("succeeded", builds[name]["outcome"], f"outcome of {name}, which was over")
        if sum(builds[name]["outcome"] == "interrupted" for name in killed) < rounds / 5:
            raise Wrong("a fifth of the kills in time", killed)

    return check


class Peer(http.client.HTTPConnection):
    """HTTP over the UNIX socket at which the server knows who asks."""

    def __init__(self, path):
        super().__init__("localhost")
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


@case
def order_to_effect(nix, nixtape):
    """What lies between an order and its effect, through Kafka: printed, and within a second."""
    file = nix.expression("order", '{ a = sh "order" "sleep 300; echo > $out"; }')
    client = nix.start("nix", "build", "--no-link", "-f", file, "a")
    build = eventually(lambda: the_one(nixtape.activities("build", "order", "--running"), "running builds"))
    events = the_one([file for file in cgroup_events() if "populated 1" in file.read_text()], "cgroups of builds that run")
    path = nix.socket_dir / f"query-{nixtape.address.rpartition(':')[2]}.sock"
    took = []
    for number in range(200):
        action, now = ("freeze", "frozen 1") if number % 2 == 0 else ("thaw", "frozen 0")
        began = time.monotonic()
        peer = Peer(path)
        order = {"action": {"do": action}, "targets": {"builds": [build["id"]]}}
        peer.request("POST", "/v1/commands", json.dumps(order), {"Content-Type": "application/json"})
        expect(200, peer.getresponse().status, "status of an order")
        peer.close()
        while now not in events.read_text():
            if time.monotonic() - began > 10:
                raise Wrong(f"'{now}' within 10 s", events.read_text())
            time.sleep(0.001)
        took.append((time.monotonic() - began) * 1000)
    client.send_signal(signal.SIGINT)
    client.communicate(timeout=60)
    took = sorted(took[len(took) // 4 :])  # the first ones are compiled
    median, most = took[len(took) // 2], took[int(len(took) * 0.99)]
    print(f"order to effect: median {median:.0f} ms, p99 {most:.0f} ms of {len(took)}", flush=True)
    if median > 1000:
        raise Wrong("an effect within a second", f"{median:.0f} ms")
    return lambda: expect("interrupted", the_one(nixtape.builds("order"), "builds")["outcome"], "outcome")
