"""What must hold whatever is killed, stopped or full. Each case has a farm of its own, and says in words what it did."""

import collections
import itertools
import math
import random
import time

from farm import Broker, Scratch, Sessions, Shim, Streams
from harness import Wrong, eventually, expect
from writers import FIRST_ID, LAST_ID, Writers, number_in

DRAIN_SECONDS = 120
CASES = []


def case(function):
    CASES.append(function)
    return function


class Plan:
    """What was asked for on the command line."""

    def __init__(self, kills, seed):
        self.kills = kills
        self.seed = seed


def account(writers, broker, broken_at_most=0, gaps=False):
    """Holds the log against what was written: every byte once and in order, or a gap that accounts for exactly those that are missing.

    Returns (nix, key, session) of every connection that did not break.
    """
    sessions = Sessions(broker)
    told = sessions.of(number_in)
    told.pop(LAST_ID - FIRST_ID, None)
    nameless = told.pop(None, [])
    problems, found = [], []
    broken = [nix for nix in writers.nixes if nix.broken]
    for nix in writers.nixes:
        if not nix.written:
            continue
        its = told.pop(nix.number, [])
        if not its and gaps:
            # all of it was dropped, or so much that nothing says whose it was
            its = [each for each in nameless if each[1].reached == len(nix.written)][:1]
            nameless = [each for each in nameless if each not in its]
        if nix.broken:
            # It was accepted and not yet kept when the shim was killed: what was read is there, the rest nobody read.
            for key, session in its:
                wrong = session.differs(bytes(nix.written))
                if wrong:
                    problems.append(f"connection {nix.number}, which broke, session {key}: {wrong}")
            continue
        if len(its) != 1:
            problems.append(f"connection {nix.number}: {len(nix.written)} bytes written, and {len(its)} sessions of it")
            continue
        key, session = its[0]
        written = bytes(nix.written)
        wrong = session.differs(written)
        if not wrong and session.reached != len(written):
            wrong = f"{len(written)} bytes were written, the log has it up to {session.reached}"
        if not wrong and not session.closed:
            wrong = "it was never closed"
        if not wrong and session.opened == 0:
            wrong = "it was never opened"
        if not wrong and session.gaps and not gaps:
            wrong = f"gaps: {session.gaps[:3]}"
        if wrong:
            problems.append(f"connection {nix.number}, session {key}: {wrong}")
        found.append((nix, key, session))
    if gaps:
        nameless = [each for each in nameless if each[1].reached != len(Shim.LAST)]
    for key, session in [*nameless, *itertools.chain(*told.values())]:
        if session.wrong or (session.reached and not broken):
            problems.append(f"session {key} of nobody: {session.reached} bytes, {session.wrong[:3]}")
    if problems:
        raise Wrong("the log to hold what was written", f"{len(problems)} problems:\n  " + "\n  ".join(problems[:10]))
    if len(broken) > broken_at_most:
        raise Wrong(f"at most {broken_at_most} broken connections", f"{len(broken)}: {[str(nix.broken) for nix in broken[:5]]}")
    return found


def said_of(found):
    lines = sum(nix.written.count(b"\n") for nix, _, _ in found)
    size = sum(len(nix.written) for nix, _, _ in found)
    repeated = sum(session.repeated for _, _, session in found)
    return f"{len(found)} sessions, {lines:,} lines, {size:,} bytes; {repeated:,} bytes came twice"


def projected(found, streams):
    """Holds the answers against a fold of what was written."""
    wanted = {key: nix for nix, key, _ in found}
    wanted_builds = {}
    for nix in wanted.values():
        wanted_builds.update(nix.builds())
    counts = {key: (bytes(nix.written).count(b"\n"), len(nix.written)) for key, nix in wanted.items()}

    def check():
        sessions = {session["id"]: session for session in streams.ask("sessions") if session["id"] in wanted}
        expect(set(wanted), set(sessions), "sessions")
        for key, session in sessions.items():
            tally = session["tally"]
            expect(
                (*counts[key], 0, 0, 0, 0),
                (tally["lines"], tally["bytes"], tally["gaps"], tally["missing"], tally["unrecognised"], tally["text"]),
                f"lines, bytes, gaps, missing bytes, unrecognised and other lines of session {key}:",
            )
            if session["closedAt"] is None:
                raise Wrong(f"session {key} to be closed", session)
        builds = collections.defaultdict(list)
        for build in streams.ask("builds", "--all", "-n", "1000000"):
            if build["kind"] == "build" and build["session"] in wanted:
                builds[build["name"]].append(build)
        expect(set(wanted_builds), set(builds), "names of builds")
        for name, (lines, ended) in wanted_builds.items():
            expect(1, len(builds[name]), f"builds called {name}:")
            build = builds[name][0]
            expect(lines, build["logLines"], f"log lines of {name}:")
            if build["finishedAt"] is None:
                raise Wrong(f"{name} to have ended", build)
            if ended:
                expect("succeeded", build["outcome"], f"outcome of {name}:")

    eventually(check, DRAIN_SECONDS)
    return f"{len(wanted_builds):,} builds"


def answers(streams):
    by_id = lambda activity: activity["id"]
    return {
        "builds": sorted(streams.ask("builds", "--all", "-n", "1000000"), key=by_id),
        "sessions": sorted(streams.ask("sessions"), key=by_id),
        "log": streams.ask("topics")["log"],
    }


def same_again(streams, say):
    """The answers do not depend on what was killed: another projection of the same log gives the same."""
    before = answers(streams)

    def same():
        now = answers(streams)
        for question, answer in before.items():
            if now[question] != answer:
                raise Wrong(f"the same {question} as before", difference(answer, now[question]))

    streams.stop()
    streams.forget()
    streams.start()
    streams.await_ready()
    eventually(same, DRAIN_SECONDS)
    say("without its state, nixtape streams answers the same")
    streams.stop()
    streams.start("--rebuild")
    streams.await_ready()
    eventually(same, DRAIN_SECONDS)
    say("and after --rebuild")


def difference(before, now):
    if isinstance(before, dict):
        return {key: (before[key], now.get(key)) for key in before if before[key] != now.get(key)}
    if len(before) != len(now):
        return f"{len(now)} instead of {len(before)}"
    return next(f"{after}\ninstead of\n{each}" for each, after in zip(before, now) if each != after)


def farm(scratch, *options, spool=None, data=None, keeps=True, **settings):
    """A broker and a shim that publishes to it."""
    broker = scratch.closing(Broker(scratch.path, data, **settings))
    broker.start()
    broker.await_ready()
    shim = scratch.closing(Shim(scratch.path, broker, *options, spool=spool, keeps=keeps))
    shim.start()
    shim.await_ready()
    return broker, shim


def written(writers, lines):
    """Waits until so many more lines are written."""
    wanted = writers.lines() + lines

    def check():
        if writers.lines() < wanted:
            raise Wrong(f"{wanted} lines to be written", writers.lines())

    eventually(check, DRAIN_SECONDS)


def account_for_gaps(writers, broker, say):
    """The same as account, where something had to be dropped: also says how much, and holds the gaps' counts of lines."""
    found = account(writers, broker, gaps=True)
    missing = missing_lines = told_lines = progress = 0
    for nix, key, session in found:
        wanted = session.lines_missing(bytes(nix.written))
        told = sum(lines for _, _, lines, _ in session.gaps)
        if wanted != told:
            raise Wrong(f"gaps of {wanted} lines in session {key}", f"{told}: {session.gaps[:5]}")
        missing += sum(bytes_ for _, bytes_, _, _ in session.gaps)
        missing_lines += wanted
        told_lines += told
        progress += sum(nix.written.count(b'"type":105}\n', offset, offset + bytes_) for offset, bytes_, _, _ in session.gaps)
    if not missing:
        raise Wrong("something to be dropped", "nothing")
    say(f"{said_of(found)}; gaps account for {missing:,} bytes, {missing_lines:,} lines, of which {progress:,} were progress")
    return found, progress, missing_lines


@case
def broker_stands_still(plan, say):
    """SIGSTOP of the broker for 30 s: no write of a Nix waits for it, and afterwards all of it arrives."""
    with Scratch() as scratch:
        broker, shim = farm(scratch)
        writers = scratch.closing(Writers(shim.socket_path, plan.seed).start())
        written(writers, 5_000)
        broker.stand_still()
        writers.reset_longest()
        before = writers.lines()
        time.sleep(30)
        longest = writers.longest_write
        meanwhile = writers.lines() - before
        broker.go_on()
        writers.stop()
        shim.await_published(DRAIN_SECONDS)
        say(f"{said_of(account(writers, broker))}; {meanwhile:,} lines meanwhile, the longest write took {longest * 1000:.0f} ms")
        if longest >= 1:
            raise Wrong("every write to take less than 1 s", f"{longest:.2f} s")
        if not meanwhile:
            raise Wrong("writes to go on", "none")


@case
def spool_disk_full(plan, say):
    """The disk of the spool fills up while the broker is away, and the shim is killed meanwhile: gaps account for exactly what is missing."""
    with Scratch() as scratch:
        disk = scratch.disk("spool", 24)
        broker, shim = farm(scratch, spool=disk.path)
        writers = scratch.closing(Writers(shim.socket_path, plan.seed, pause=0.01).start())
        written(writers, 5_000)
        broker.kill()
        chance = random.Random(plan.seed)
        for _ in range(3):
            written(writers, 150_000)
            shim.await_ready()
            time.sleep(chance.random())
            shim.manager.kill()
            shim.start()
        written(writers, 50_000)
        shim.await_ready()
        broker.start()
        broker.await_ready()
        written(writers, 20_000)
        writers.stop()
        shim.await_published(DRAIN_SECONDS)
        found = account(writers, broker, broken_at_most=3, gaps=True)
        missing = sum(bytes_ for _, _, session in found for _, bytes_, _, _ in session.gaps)
        say(f"{said_of(found)}; gaps account for {missing:,} bytes")
        if not missing:
            raise Wrong("a full disk to cost something", "nothing")


@case
def spool_limit(plan, say):
    """A spool at its limit: progress goes first, gaps say exactly what, and nothing is dropped any more when the broker is back."""
    with Scratch() as scratch:
        broker, shim = farm(scratch, "--spool-limit", "6MiB")
        writers = scratch.closing(Writers(shim.socket_path, plan.seed, at_once=8).start())
        written(writers, 5_000)
        broker.kill()
        written(writers, 200_000)
        broker.start()
        broker.await_ready()
        writers.pause = 0.5
        time.sleep(10)  # it is given that long to make room
        late = {nix.number: len(nix.written) for nix in writers.nixes}
        written(writers, 5_000)
        writers.stop()
        shim.await_published(DRAIN_SECONDS)
        found, progress, lines = account_for_gaps(writers, broker, say)
        if not progress / lines > 0.7:
            raise Wrong("mostly progress to be dropped", f"{progress:,} of {lines:,} lines")
        for nix, key, session in found:
            after = [gap for gap in session.gaps if gap[0] + gap[1] > late.get(nix.number, 0)]
            if after:
                raise Wrong("nothing to be dropped any more", f"session {key} from {late.get(nix.number, 0)} on: {after[:3]}")


@case
def broker_disk_full(plan, say):
    """The broker's disk fills up and the broker halts; with more room it starts again, and everything arrives."""
    with Scratch() as scratch:
        disk = scratch.disk("topics", 16)
        broker, shim = farm(scratch, data=disk.path, **{"log.segment.bytes": 4 << 20, "log.index.size.max.bytes": 1 << 16})
        writers = scratch.closing(Writers(shim.socket_path, plan.seed, progress=0).start())

        def halted():
            if broker.is_up():
                raise Wrong("the broker to halt", "it runs")

        eventually(halted, DRAIN_SECONDS)
        written(writers, 20_000)
        disk.resize(200)
        broker.start()
        broker.await_ready()
        written(writers, 20_000)
        writers.stop()
        shim.await_published(DRAIN_SECONDS)
        say(said_of(account(writers, broker)))


@case
def forgotten_too_late(plan, say):
    """Killed between the end of a session and the word that its socket need not be kept: the session is published once."""
    with Scratch() as scratch:
        broker, shim = farm(scratch)
        broker.kill()
        shim.manager.forget_nothing = True
        writers = scratch.closing(Writers(shim.socket_path, plan.seed).start())
        written(writers, 20_000)
        writers.stop()
        shim.manager.kill()
        shim.manager.forget_nothing = False
        kept = len(shim.manager.kept())
        shim.start()
        shim.await_ready()
        broker.start()
        broker.await_ready()
        shim.await_published(DRAIN_SECONDS)
        say(f"{said_of(account(writers, broker))}; {kept} sockets were kept too long")
        expect([], shim.manager.kept(), "sockets that are still kept")


@case
def graceful_restarts(plan, say):
    """SIGTERM and start again, under load: no connection breaks, and nothing is missing."""
    with Scratch() as scratch:
        broker, shim = farm(scratch)
        writers = scratch.closing(Writers(shim.socket_path, plan.seed, pause=0.01).start())
        chance = random.Random(plan.seed)
        for _ in range(6):
            shim.await_ready()
            time.sleep(chance.random())
            shim.manager.stop()
            shim.start()
        shim.await_ready()
        writers.stop()
        shim.await_published(DRAIN_SECONDS)
        say(said_of(account(writers, broker)))


@case
def socket_activation(plan, say):
    """A socket unit alone: who connected before the shim started is heard, and who connects while it is stopped by the next one."""
    with Scratch() as scratch:
        broker = scratch.closing(Broker(scratch.path))
        broker.start()
        broker.await_ready()
        shim = scratch.closing(Shim(scratch.path, broker, keeps=False))
        writers = scratch.closing(Writers(shim.socket_path, plan.seed, at_once=3).start())
        shim.start()
        shim.await_ready()
        written(writers, 2_000)
        writers.stop()
        shim.manager.stop()
        more = scratch.closing(Writers(shim.socket_path, plan.seed, at_once=3, first=1000).start())
        shim.start()
        written(more, 2_000)
        more.stop()
        shim.await_published(DRAIN_SECONDS)
        writers.nixes += more.nixes
        say(said_of(account(writers, broker)))


@case
def kills(plan, say):
    """kill -9 of shim, streams and broker at random moments: every line is there once, and projected."""
    chance = random.Random(plan.seed)
    with Scratch() as scratch:
        broker = scratch.closing(Broker(scratch.path))
        broker.start()
        broker.await_ready()
        streams = scratch.closing(Streams(scratch.path, broker))
        streams.start()
        streams.await_ready()
        shim = scratch.closing(Shim(scratch.path, broker))
        shim.start()
        shim.await_ready()
        writers = scratch.closing(Writers(shim.socket_path, plan.seed).start())
        killed = collections.Counter()
        away = {}  # what was killed, and when it starts again

        def start_again(now):
            for victim in [each for each, when in away.items() if when <= now]:
                del away[victim]
                victim.start()

        others = plan.kills // 10
        victims = [broker] * others + [streams] * others + [shim.manager] * (plan.kills - 2 * others)
        chance.shuffle(victims)
        for victim in victims:
            if victim is shim.manager:
                if chance.random() < 0.7:
                    shim.await_ready()
                until = time.monotonic() + chance.random() * chance.choice((0.05, 0.5, 2))
                while time.monotonic() < until:
                    start_again(time.monotonic())
                    time.sleep(0.01)
                if not shim.manager.is_up():
                    raise RuntimeError(f"nixtape ingest ended by itself:\n{shim.manager.log()}")
                victim.kill()
                victim.start()
            else:
                if away:
                    start_again(math.inf)
                    broker.await_ready()
                    streams.await_ready()
                victim.kill()
                away[victim] = time.monotonic() + chance.random() * 5
            killed[victim.name] += 1
        start_again(math.inf)
        shim.await_ready()
        broker.await_ready()
        writers.stop()
        shim.await_published(DRAIN_SECONDS)
        say(", ".join(f"{count} x {name}" for name, count in killed.items()) + " killed")
        found = account(writers, broker, broken_at_most=max(3, plan.kills // 8))
        broken = sum(1 for nix in writers.nixes if nix.broken)
        say(f"{said_of(found)}; {broken} connections broke; the longest write took {writers.longest_write:.2f} s")
        expect([], [name for name in shim.manager.kept() if name.startswith("nixtape-session")], "sockets that are still kept")
        streams.await_ready()
        say(projected(found, streams) + " are projected as written")
        same_again(streams, say)
