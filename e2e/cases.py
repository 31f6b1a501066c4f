"""What must be true of real builds. Each case builds something and returns a check of what nixtape says of it.

The check is asked until it holds, and once more at the very end: an answer must not change any more.
"""

import collections
import json
import os
import re
import resource
import signal
import socket
import subprocess

from harness import LAUNCHER, REAL_NIX, Wrong, eventually, expect, expect_in, hostname

CASES = []


def case(function):
    CASES.append(function)
    return function


def outcomes(builds):
    return {b["name"]: b["outcome"] for b in builds}


def the_one(activities, what):
    expect(1, len(activities), f"number of {what}")
    return activities[0]


def log_lines(nixtape, build):
    return nixtape.log(build).splitlines()


# -- a build and how it ends


@case
def success(nix, nixtape):
    """Phases, log lines, name, user and times are those of the build."""
    file = nix.expression(
        "success",
        r"""
        { a = make { pname = "success"; version = "1.2"; } "success-1.2" ''
            echo first
            echo '@nix {"action":"setPhase","phase":"buildPhase"}' >&2
            echo; echo "  three  spaces,	a tab and ünïcödé"
            echo '@nix {"action":"setPhase","phase":"installPhase"}' >&2
            echo to stderr >&2; sleep 0.3
            echo > $out
          ''; }""",
    )
    nix.build(file, "a")

    def check():
        b = the_one(nixtape.builds("success"), "builds")
        expect("succeeded", b["outcome"], "outcome")
        expect(("success", "1.2", "success-1.2"), (b["pname"], b["version"], b["name"]), "pname, version, name")
        expect(("alice", nix.users["alice"]), (b["user"], b["uid"]), "user and uid")
        expect(hostname(), b["host"], "host")
        expect(f"{os.uname().machine}-linux", b["system"], "system")
        expect(["buildPhase", "installPhase"], [phase["name"] for phase in b["phases"]], "phases")
        lines = ["first", "", "  three  spaces,\ta tab and ünïcödé", "to stderr"]
        expect(len(lines), b["logLines"], "logLines")
        expect(lines, log_lines(nixtape, b), "log")
        expect((None, None), (b["reason"], b["exitCode"] or None), "reason and exit code")
        if not b["evidence"]:
            raise Wrong("evidence of the outcome", "none")
        for key in ("startedAt", "finishedAt"):
            if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", b[key]):
                raise Wrong(f"{key} as RFC 3339 in UTC with milliseconds", b[key])
        if not 300 <= b["durationMs"] <= 30_000:
            raise Wrong("durationMs between 300 and 30000", b["durationMs"])
        if not b["drvPath"].endswith("-success-1.2.drv"):
            raise Wrong("the drvPath of success-1.2", b["drvPath"])

    return check


@case
def failure(nix, nixtape):
    """A failed build has its exit code, its reason and its log."""
    file = nix.expression("failure", '{ a = sh "failure" "echo one; echo two >&2; exit 3"; }')
    nix.build(file, "a", status=1)

    def check():
        b = the_one(nixtape.builds("failure"), "builds")
        expect(("failed", 3), (b["outcome"], b["exitCode"]), "outcome and exit code")
        expect_in("exit code 3", b["reason"], "reason")
        expect(["one", "two"], log_lines(nixtape, b), "log")

    return check


@case
def dependent_of_a_failure(nix, nixtape):
    """What was never built does not show; what failed shows once."""
    file = nix.expression(
        "dependent",
        """rec { a = sh "dependent-low" "exit 1"; b = make { inherit a; } "dependent-mid" "echo > $out";
                 c = make { inherit b; } "dependent-top" "echo > $out"; }""",
    )
    nix.build(file, "c", status=1)

    def check():
        expect({"dependent-low": "failed"}, outcomes(nixtape.builds("dependent")), "builds")
        expect(1, the_one(nixtape.builds("dependent"), "builds")["exitCode"], "exit code")

    return check


def stopped_by(signal_number, name, nix, nixtape):
    file = nix.expression(name, f'{{ a = sh "{name}" "echo begun; sleep 100; echo > $out"; }}')
    client = nix.start("nix", "build", "--no-link", "-f", file, "a")

    def it_runs():
        b = the_one(nixtape.activities("build", name, "--running"), "running builds")
        expect((None, None), (b["outcome"], b["finishedAt"]), "outcome and end of a running build")
        expect(1, b["logLines"], "log lines so far")

    eventually(it_runs)
    client.send_signal(signal_number)
    client.wait(timeout=20)

    def check():
        b = the_one(nixtape.builds(name), "builds")
        expect("interrupted", b["outcome"], "outcome")
        expect([], nixtape.activities("build", name, "--running"), "running builds")

    return check


@case
def interrupt(nix, nixtape):
    """ctrl-C in the client: interrupted."""
    return stopped_by(signal.SIGINT, "interrupt", nix, nixtape)


@case
def killed_client(nix, nixtape):
    """kill -9 of the client: interrupted."""
    return stopped_by(signal.SIGKILL, "killed-client", nix, nixtape)


@case
def timeout(nix, nixtape):
    """Nix ends a build that takes too long: failed."""
    file = nix.expression("timeout", '{ a = sh "timeout" "sleep 100; echo > $out"; }')
    nix.build(file, "a", "--timeout", "2", status=None)

    def check():
        b = the_one(nixtape.builds("timeout"), "builds")
        expect("failed", b["outcome"], "outcome")
        expect_in("timed out", b["reason"], "reason")

    return check


@case
def hash_mismatch(nix, nixtape):
    """A fixed-output derivation with another hash: failed, though its builder ended well."""
    file = nix.expression(
        "mismatch",
        """{ a = make { outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = "%s"; } "mismatch" "echo > $out"; }"""
        % ("0" * 64),
    )
    nix.build(file, "a", status=None)

    def check():
        b = the_one(nixtape.builds("mismatch"), "builds")
        expect("failed", b["outcome"], "outcome")
        expect_in("hash mismatch", b["reason"], "reason")

    return check


@case
def no_output(nix, nixtape):
    """A builder that ends well without making its output: failed."""
    file = nix.expression("no-output", '{ a = sh "no-output" "true"; }')
    nix.build(file, "a", status=1)

    def check():
        b = the_one(nixtape.builds("no-output"), "builds")
        expect("failed", b["outcome"], "outcome")
        expect_in("output", b["reason"], "reason")

    return check


@case
def killed_builder(nix, nixtape):
    """A builder that dies of a signal: failed."""
    # In its sandbox a builder has pid 1, whom a signal from inside does not kill. The kernel's SIGKILL for too much CPU time does.
    file = nix.expression("killed-builder", '{ a = sh "killed-builder" "ulimit -t 1; while :; do :; done"; }')
    nix.build(file, "a", status=1)

    def check():
        b = the_one(nixtape.builds("killed-builder"), "builds")
        expect("failed", b["outcome"], "outcome")
        expect_in("signal", b["reason"], "reason")

    return check


@case
def multiple_outputs(nix, nixtape):
    """One build, however many outputs."""
    file = nix.expression(
        "outputs", '{ a = make { outputs = [ "out" "dev" "doc" ]; } "outputs" "echo > $out; echo > $dev; echo > $doc"; }'
    )
    nix.build(file, "a^*")
    return lambda: expect({"outputs": "succeeded"}, outcomes([the_one(nixtape.builds("outputs"), "builds")]), "builds")


@case
def rebuild(nix, nixtape):
    """--rebuild runs again what is there already: it succeeds when the result is the same, and fails otherwise."""
    file = nix.expression(
        "rebuild",
        '{ same = sh "rebuild-same" "echo > $out"; other = sh "rebuild-other" "read id </proc/sys/kernel/random/uuid; echo $id > $out"; }',
    )
    for attribute, status in (("same", 0), ("other", None)):
        nix.build(file, attribute)
        nix.build(file, attribute, "--rebuild", status=status)

    def check():
        expect(["succeeded", "succeeded"], [b["outcome"] for b in nixtape.builds("rebuild-same")], "outcomes of the same")
        others = nixtape.builds("rebuild-other")
        expect(["succeeded", "failed"], [b["outcome"] for b in others], "outcomes of the other")
        expect_in("deterministic", others[1]["reason"], "reason")

    return check


@case
def nothing_to_do(nix, nixtape):
    """What is in the store already is not built again."""
    file = nix.expression("nothing-to-do", '{ a = sh "nothing-to-do" "echo > $out"; }')
    for _ in range(2):
        nix.build(file, "a")
    return lambda: expect(1, len(nixtape.builds("nothing-to-do")), "number of builds")


# -- several at once


@case
def keep_going(nix, nixtape):
    """Of builds that run side by side, each has its own outcome, exit code and log."""
    file = nix.expression(
        "keep-going",
        """builtins.listToAttrs (map (n: { name = "b${toString n}"; value =
             sh "keep-going-${toString n}" "echo I am ${toString n}; sleep 1; [ ${toString n} -le 3 ] || exit ${toString n}; echo > $out"; })
           [ 1 2 3 4 5 6 ])""",
    )
    nix.build(file, *(f"b{n}" for n in range(1, 7)), "--keep-going", status=None)

    def check():
        builds = nixtape.builds("keep-going")
        expected = {f"keep-going-{n}": "succeeded" if n <= 3 else "failed" for n in range(1, 7)}
        expect(expected, outcomes(builds), "outcomes")
        expect(6, len(builds), "number of builds")
        for b in builds:
            n = int(b["name"][-1])
            expect([f"I am {n}"], log_lines(nixtape, b), f"log of {b['name']}")
            if n > 3:
                expect(n, b["exitCode"], f"exit code of {b['name']}")

    return check


@case
def stopped_for_another(nix, nixtape):
    """Without --keep-going, Nix stops what still builds when something fails: interrupted."""
    file = nix.expression(
        "stopped",
        """rec { fails = sh "stopped-fails" "sleep 1; exit 1"; long = sh "stopped-long" "sleep 50; echo > $out";
                 other = sh "stopped-other" "sleep 50; echo > $out"; top = make { inherit fails long other; } "stopped-top" "echo > $out"; }""",
    )
    nix.build(file, "top", status=1)

    def check():
        builds = nixtape.builds("stopped")
        expect({"stopped-fails": "failed", "stopped-long": "interrupted", "stopped-other": "interrupted"}, outcomes(builds), "outcomes")
        expect(3, len(builds), "number of builds")

    return check


@case
def two_users(nix, nixtape):
    """What two users want at once is built once; each build shows for whom."""
    file = nix.expression(
        "users",
        """rec { shared = sh "users-shared" "sleep 2; echo > $out";
                 alice = make { inherit shared; } "users-alice" "sleep 1; echo > $out";
                 bob = make { inherit shared; } "users-bob" "sleep 1; echo > $out"; }""",
    )
    clients = [nix.start("nix", "build", "--no-link", "-f", file, user, user=user) for user in ("alice", "bob")]
    for client in clients:
        expect(0, client.wait(timeout=60), "exit status")

    def check():
        builds = {b["name"]: b for b in nixtape.builds("users")}
        expect(3, len(nixtape.builds("users")), "number of builds")
        for user in ("alice", "bob"):
            b = builds[f"users-{user}"]
            expect((user, nix.users[user], "succeeded"), (b["user"], b["uid"], b["outcome"]), "user, uid and outcome")
        expect("succeeded", builds["users-shared"]["outcome"], "outcome")
        if builds["users-shared"]["user"] not in ("alice", "bob"):
            raise Wrong("shared built for alice or bob", builds["users-shared"]["user"])
        waits = nixtape.activities("wait", "", "--all")
        if not any(re.fullmatch(r"[ -~]*-users-shared'[ -~]*", w["name"]) for w in waits):
            raise Wrong("a wait for the lock on users-shared, in plain text", [w["name"] for w in waits])

    return check


@case
def two_hundred_builds(nix, nixtape):
    """Each exactly once, with its own log line."""
    file = nix.expression(
        "many",
        """let one = n: sh "many-${toString n}" "echo line of ${toString n}; echo > $out";
           in { a = make { all = map one (builtins.genList (n: n) 200); } "many-top" "echo > $out"; }""",
    )
    nix.build(file, "a", "--max-jobs", "4")

    def check():
        builds = nixtape.builds("many")
        expected = {f"many-{n}": "succeeded" for n in [*range(200), "top"]}
        expect(expected, outcomes(builds), "outcomes")
        expect(201, len(builds), "number of builds")
        expect([1] * 200, [b["logLines"] for b in builds if b["name"] != "many-top"], "log lines")
        some = next(b for b in builds if b["name"] == "many-123")
        expect(["line of 123"], log_lines(nixtape, some), "log of many-123")

    return check


# -- other clients and other ways into the store


@case
def nix_build(nix, nixtape):
    """The old command, whose own process sends nothing: known by the daemon's worker alone, and still for the user."""
    file = nix.expression("nix-build", '{ good = sh "nix-build-good" "echo hi; echo > $out"; bad = sh "nix-build-bad" "exit 7"; }')
    nix.run("nix-build", "--no-out-link", file, "-A", "good", user="bob")
    nix.run("nix-build", "--no-out-link", file, "-A", "bad", user="bob", status=None)

    def check():
        builds = {b["name"]: b for b in nixtape.builds("nix-build")}
        expect({"nix-build-good": "succeeded", "nix-build-bad": "failed"}, outcomes(builds.values()), "outcomes")
        expect(2, len(nixtape.builds("nix-build")), "number of builds")
        for b in builds.values():
            expect(("bob", nix.users["bob"]), (b["user"], b["uid"]), "user and uid")
        expect(["hi"], log_lines(nixtape, builds["nix-build-good"]), "log")

    return check


@case
def root_without_daemon(nix, nixtape):
    """root opens the store itself, asked to or by default: only the client's connection exists."""
    file = nix.expression("root", '{ good = sh "root-good" "echo hi; echo > $out"; bad = sh "root-bad" "exit 9"; }')
    for how, attribute, status in (("NIX_REMOTE=local", "good", 0), ("--unset=NIX_REMOTE", "bad", 1)):
        nix.run("env", how, "nix", "build", "--no-link", "-f", file, attribute, user="root", status=status)

    def check():
        builds = nixtape.builds("root-")
        expect({"root-good": "succeeded", "root-bad": "failed"}, outcomes(builds), "outcomes")
        expect(2, len(builds), "number of builds")
        expect([("root", 0)] * 2, [(b["user"], b["uid"]) for b in builds], "users")
        expect(9, builds[1]["exitCode"], "exit code")
        expect([["nix", "build"]] * 2, [s["command"][:2] for s in nixtape.sessions_of(builds)], "who told of them")

    return check


@case
def substitution(nix, nixtape):
    """From a binary cache: one substitution and one copy a path, with its bytes, and no build."""
    file = nix.expression(
        "substitution",
        """rec { low = sh "substitution-low" "head -c 300000 /dev/urandom > $out";
                 top = make { inherit low; } "substitution-top" "echo $low > $out"; }""",
    )
    nix.build(file, "top")
    paths = nix.run("nix", "eval", "--raw", "-f", file, "top", "--apply", "t: \"${t} ${t.low}\"").split()
    nix.run("nix", "copy", "--to", "file:///e2e/cache", paths[0], user="root")
    nix.run("nix", "store", "delete", *paths, user="root")
    nix.build(file, "top", "--substituters", "file:///e2e/cache", user="bob")

    def check():
        substitutions = nixtape.activities("substitute", "substitution", "--all")
        names = ["substitution-low", "substitution-top"]
        expect(names, sorted(s["name"] for s in substitutions), "substitutions")
        expect({"succeeded"}, {s["outcome"] for s in substitutions}, "their outcomes")
        expect({("bob", nix.users["bob"])}, {(s["user"], s["uid"]) for s in substitutions}, "for whom")
        expect(sorted(paths), sorted(s["storePath"] for s in substitutions), "store paths")
        inside = {s["id"] for s in substitutions}
        copies = [c for c in nixtape.activities("copy", "substitution", "--all") if c["parent"] in inside]
        expect(names, sorted(c["name"] for c in copies), "copies in them")
        for c in copies:
            if not c["bytes"] >= (300_000 if c["name"] == names[0] else 1):
                raise Wrong(f"bytes of {c['name']}", c["bytes"])
        expect(2, len(nixtape.builds("substitution")), "number of builds (both before)")

    return check


@case
def recorded_run(nix, nixtape):
    """nixtape run: the command's own exit status and output; builds told by three streams show once."""
    file = nix.expression("run", '{ good = sh "run-good" "echo hi; echo > $out"; bad = sh "run-bad" "exit 5"; }')
    folder = nixtape.scratch / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "nix").write_text(f'#!/bin/sh\nexec {REAL_NIX} run nix "$@"\n')
    (folder / "nix").chmod(0o755)
    for attribute, status in (("good", 0), ("bad", 1)):
        done = subprocess.run(
            [LAUNCHER, "run", "--bootstrap-servers", f"127.0.0.1:{nixtape.kafka_port}", "--"]
            + ["nix", "build", "--no-link", "-f", file, attribute],
            env={**nixtape.environment, "PATH": f"{folder}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode != status:
            raise Wrong(f"exit status {status} of nixtape run", f"{done.returncode}: {done.stderr[-500:]}")
        if "@nix" in done.stderr + done.stdout:
            raise Wrong("text for people", done.stderr[:500])
    expect_in("exit code 5", done.stderr, "what a person sees")

    def check():
        builds = nixtape.builds("run-")
        expect({"run-good": "succeeded", "run-bad": "failed"}, outcomes(builds), "outcomes")
        expect(2, len(builds), "number of builds")
        expect(5, builds[1]["exitCode"], "exit code")
        expect((1, ["hi"]), (builds[0]["logLines"], log_lines(nixtape, builds[0])), "log")

    return check


# -- what builders may say


@case
def lies(nix, nixtape):
    """A builder may write messages of Nix into its log, about itself and about others: no outcome follows from that."""
    file = nix.expression(
        "lies",
        r"""let
             message = what: ''@nix {"action":"msg","level":0,"msg":"\u001b[31;1merror:\u001b[0m Cannot build '\u001b[35;1m${what}\u001b[0m'.\nReason: \u001b[31;1mbuilder failed with exit code 1\u001b[0m."}'';
             old = what: ''@nix {"action":"msg","level":0,"msg":"error: builder for '${what}' failed with exit code 1"}'';
           in rec {
             victim = sh "lies-victim" "sleep 2; echo > $out";
             path = builtins.unsafeDiscardStringContext victim.drvPath;
             liar = make { new = message path; old = old path; } "lies-liar" ''
               sleep 0.5
               echo "$new" >&2
               echo "$old" >&2
               echo '@nix {"action":"stop","id":1}' >&2
               echo '@nix this is no JSON' >&2
               echo '@nix {"action":"start","id":1,"type":105,"level":0,"text":"","parent":0,"fields":["/nix/store/x.drv","",1,1]}' >&2
               echo real
               echo > $out
             ''; }""",
    )
    nix.build(file, "victim", "liar")

    def check():
        builds = nixtape.builds("lies")
        expect({"lies-victim": "succeeded", "lies-liar": "succeeded"}, outcomes(builds), "outcomes")
        expect(2, len(builds), "number of builds")

    return check


@case
def strange_output(nix, nixtape):
    """Bytes that are not UTF-8, a line of 3 MB, colours and control characters: the log comes back as Nix sent it."""
    file = nix.expression(
        "strange",
        r"""{ a = sh "strange" ''
               printf 'bad \377\376 end\n'
               head -c 3000000 /dev/zero | tr '\0' x; echo
               printf '\033[31mred\033[0m \001 \t"quoted" \\\n'
               echo last
               echo > $out
             ''; }""",
    )
    nix.build(file, "a")

    def check():
        b = the_one(nixtape.builds("strange"), "builds")
        expect(("succeeded", 4), (b["outcome"], b["logLines"]), "outcome and log lines")
        bad, long, red, last = nixtape.log(b).split("\n")[:4]
        expect("bad \ufffd\ufffd end", bad, "bytes that are not UTF-8")
        expect(("x", 3_000_000), (long[:1], len(long)), "the long line")
        expect_in("red", red, "colours")
        expect_in('\t"quoted" \\', red, "quotes")
        expect("last", last, "the last line")

    return check


@case
def raw_bytes(nix, nixtape):
    """Whatever comes through the socket is on the tape byte for byte, for any Kafka client, and the rest of a session goes on."""
    drv = f"/nix/store/{'0' * 32}-raw-bytes.drv"
    build = os.getpid() << 32 | 1
    start = b'{"action":"start","fields":["%s","",1,1],"id":%d,"level":3,"parent":0,"text":"","type":105}' % (drv.encode(), build)
    log_line = b'{"action":"result","fields":["%s"],"id":%d,"type":101}'
    garbage = [
        b"",
        b"no JSON",
        b'{"action":"result","fields":["torn',
        b"not UTF-8: \xff\xfe\xc0\x80 \xed\xa0\x80",
        bytes(range(0x0B, 0x100)) + bytes(range(10)),
        b'{"action":"dance","id":1}',
        b'{"action":"start","id":%d,"level":3,"parent":0,"text":"","type":9999}' % (build + 1),
        b'{"action":"result","fields":[1],"id":%d,"type":9999}' % build,
        b'{"action":"stop","id":-1}',
        b'{"action":"stop","id":99999999999999999999999}',
        b"[" * 5000,
        b"\0" * 3_000_000,
    ]
    lines = [start]
    for number, each in enumerate(garbage):
        lines += [each, log_line % (b"after %d" % number, build)]
    lines += [b'{"action":"stop","id":%d}' % build, b"a last line without its end"]
    many = [log_line % (b"line %d" % n, build + 2) + b"\r" for n in range(20_000)]
    streams = [b"\n".join(lines), b"\n".join(many) + b"\n", b"", b"\n", b"x"]
    connections = [(socket.socket(socket.AF_UNIX), stream) for stream in streams]
    for connection, _ in connections:
        connection.connect(str(nix.socket_dir / "nix.sock"))
    for connection, stream in connections:
        connection.settimeout(20)
        connection.sendall(stream)
        connection.close()

    def check():
        own = [s for s in nixtape.ask("sessions") if s["pid"] == os.getpid()]
        expect(len(streams), len(own), "number of sessions")
        expect([("root", 0, "end")] * len(own), [(s["user"], s["uid"], s["ending"]) for s in own], "user, uid and ending")
        records = nixtape.tape()
        expect([], [key for key, value, is_chunk in records if value and not is_chunk], "entries with a value that are no chunks")
        told = {s["id"]: b"".join(value for key, value, _ in records if key == s["id"]) for s in own}
        if sorted(told.values()) != sorted(streams):
            raise Wrong(f"the tape to hold {sorted(map(len, streams))} bytes as sent", f"{sorted(map(len, told.values()))} bytes")
        expect(sorted(map(len, streams)), sorted(s["tally"]["bytes"] for s in own), "bytes of the sessions")
        first = next(s for s in own if told[s["id"]] == streams[0])
        expect((len(lines), 0), (first["tally"]["lines"], first["tally"]["gaps"]), "lines and gaps")
        expect(len(garbage) + 1, first["tally"]["unrecognised"], "unrecognised lines")
        b = the_one(nixtape.builds("raw-bytes"), "builds")
        expect(len(garbage), b["logLines"], "log lines of the build")
        expect([f"after {n}" for n in range(len(garbage))], log_lines(nixtape, b), "log of the build")

    return check


# -- nixtape itself


@case
def sessions_close(nix, nixtape):
    """The session of a client that has gone is closed, and says whose it was."""
    file = nix.expression("sessions", '{ a = sh "sessions" "echo > $out"; }')
    client = nix.start("nix", "build", "--no-link", "-f", file, "a")
    expect(0, client.wait(timeout=60), "exit status")

    def check():
        own = the_one([s for s in nixtape.ask("sessions") if s["pid"] == client.pid], "sessions of the client")
        expect(("alice", nix.users["alice"]), (own["user"], own["uid"]), "user and uid")
        expect("nix build", " ".join(own["command"][:2]), "command")
        if own["closedAt"] is None:
            raise Wrong("a closed session", own)
        workers = [s for s in nixtape.ask("sessions") if s["client"] == client.pid and s["pid"] != client.pid]
        the_one(workers, "sessions of its daemon worker")

    return check


@case
def file_of_nobody_listening(nix, nixtape):
    """What Nix wrote to a file while nixtape was away is on the tape when it is back.

    alice may not write to it, only her daemon's worker does; of root both write, and the file does not say who wrote which line:
    where lines repeat, the file does not say their order either.
    """
    users = ("alice", "root")
    nixtape.stop()
    path = nix.socket_dir / "nix.sock"
    path.unlink(missing_ok=True)
    for user in users:
        file = nix.expression(
            f"unheard-{user}",
            r"""{ good = sh "unheard-USER-good" ''
                   echo hello; echo hello
                   echo '@nix {"action":"setPhase","phase":"checkPhase"}' >&2
                   echo hello; echo bye; echo > $out
                 '';
                 bad = sh "unheard-USER-bad" "echo hello; exit 4"; other = sh "unheard-USER-other" "sleep 1; echo > $out"; }""".replace("USER", user),
        )
        nix.build(file, "good", "bad", "other", "--keep-going", user=user, status=None)
    if not path.is_file():
        raise Wrong("Nix to make a file where the socket was", "none")
    nixtape.start()

    def check():
        if not path.is_socket():
            raise Wrong("a socket where the file was", "none")
        for user in users:
            name = f"unheard-{user}"
            found = nixtape.builds(name)
            expected = {f"{name}-good": ("succeeded", 4), f"{name}-bad": ("failed", 1), f"{name}-other": ("succeeded", 0)}
            expect(expected, {b["name"]: (b["outcome"], b["logLines"]) for b in found}, "outcomes and log lines")
            expect(3, len(found), "number of builds")
            good = next(b for b in found if b["name"] == f"{name}-good")
            expect(["bye", "hello", "hello", "hello"], sorted(log_lines(nixtape, good)), "lines of the log")
            expect(["checkPhase"], [phase["name"] for phase in good["phases"]], "phases")

    return check


@case
def ready(nix, nixtape):
    """/v1/status answers 200 only when a build would be recorded: so far at every start."""
    return lambda: expect(False, nixtape.ready_too_early, "200 from /v1/status before anybody listens on the socket:")


@case
def killed_nixtape(nix, nixtape):
    """kill -9 and start again: all answers are the same, and new builds are recorded."""

    def answers():
        return {question: nixtape.ask(*question) for question in (("builds", "--all"), ("sessions",), ("stats",))}

    def settled():
        """Nothing runs, and the totals count what the list shows: they are a moment behind it."""
        listed = collections.Counter(b["kind"] for b in nixtape.ask("builds", "--all"))
        expect([], nixtape.ask("builds", "--running"), "running builds")
        expect(dict(listed), {kind["kind"]: kind["count"] for kind in nixtape.ask("stats")["kinds"]}, "totals")

    eventually(settled)
    before = answers()
    nixtape.kill()
    nixtape.start()

    def same():
        for question, answer in answers().items():
            expect(before[question], answer, f"answer to {' '.join(question)} as before:")

    eventually(same)
    file = nix.expression("after", '{ a = sh "after" "echo > $out"; }')
    nix.build(file, "a")
    return lambda: expect({"after": "succeeded"}, outcomes(nixtape.builds("after")), "builds")


@case
def killed_while_building(nix, nixtape):
    """kill -9 of nixtape while something is built: Nix goes on, and what nobody saw is unknown."""
    file = nix.expression("unseen", '{ a = sh "unseen" "echo begun; sleep 8; echo > $out"; }')
    client = nix.start("nix", "build", "--no-link", "-f", file, "a")
    eventually(lambda: the_one(nixtape.activities("build", "unseen", "--running"), "running builds"))
    nixtape.kill()
    nixtape.start()
    expect(0, client.wait(timeout=60), "exit status of the build")

    def check():
        b = the_one(nixtape.builds("unseen"), "builds")
        expect("unknown", b["outcome"], "outcome")
        expect([], nixtape.activities("build", "unseen", "--running"), "running builds")

    return check


STRANGER = 65534

FLOOD = """
import socket, sys
def connect():
    nix = socket.socket(socket.AF_UNIX)
    nix.connect(sys.argv[1])
    return nix
if sys.argv[2] == "garbage":
    held = connect()
    held.sendall(b"not a line of Nix's\\n" * 200_000)
    print("flooded", flush=True)
    sys.exit(sys.stdin.read())
endless = connect()
endless.sendall(b"x" * 300_000)
held = [connect() for _ in range(1_200)]
for _ in range(18_800):
    connect().close()
print("flooded", flush=True)
sys.stdin.read()
"""


@case
def strangers(nix, nixtape):
    """A user who floods the socket costs little, is named by doctor, and takes nothing from Nix."""
    as_stranger = ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", "python3", "-c", FLOOD]
    floods = [
        subprocess.Popen(
            [*as_stranger, nix.socket_dir / "nix.sock", what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (2_000, 2_000)),
        )
        for what in ("garbage", "connections")
    ]
    try:
        for flood in floods:
            expect("flooded", flood.stdout.readline().strip(), "last word of the stranger")
        file = nix.expression("beside-strangers", '{ a = sh "beside-strangers" "echo one; echo > $out"; }')
        nix.build(file, "a")

        def told():
            expect({"beside-strangers": "succeeded"}, outcomes(nixtape.builds("beside-strangers")), "builds")
            shim = nixtape.get("/v1/shim")
            found = {s["what"]: s["count"] for s in shim["strangers"] if s["uid"] == STRANGER}
            expect(20_002 - 1024, found.get("more than 1,024 connections at once"), "refused connections")
            expect_in("sent 300,000 bytes without a newline", " ".join(found), "strangers")
            findings = json.loads(
                nixtape.command("doctor", "--socket-dir", nix.socket_dir, "-o", "json", status=(0, 1))
            )
            named = [f["what"] for f in findings if f["about"] == "stranger"]
            for part in ("without a newline", "connections at once", "none of Nix's"):
                expect_in(part, " ".join(named), "what doctor says")

        eventually(told)
        expect(True, nixtape.descriptors() < 1024 * 2 + 600, f"at most 2,600 descriptors, has {nixtape.descriptors()}:")
        expect(True, nixtape.resident_mb() < 500, f"at most 500 MB, has {nixtape.resident_mb()}:")
    finally:
        for flood in floods:
            flood.stdin.close()
            flood.wait(timeout=20)

    def check():
        left = [s for s in nixtape.ask("sessions", "--open") if s["uid"] == STRANGER]
        expect(0, len(left), "open sessions of the stranger")

    return check


@case
def nothing_lost(nix, nixtape):
    """The tape has no gap, and of what Nix sent no line that nixtape does not understand but those that killed_while_building cut."""

    def check():
        expect(0, nixtape.ask("stats")["log"]["gaps"], "gaps")
        unrecognised = sum(s["tally"]["unrecognised"] for s in nixtape.ask("sessions") if s["pid"] != os.getpid() and s["uid"] != STRANGER)
        if unrecognised > 2:
            raise Wrong("at most 2 unrecognised lines", unrecognised)

    return check


# -- what builds need


def explained(nixtape, *question):
    """An answer that is one object; there is none before the first fact is there."""
    answer = nixtape.ask(*question)
    if not answer:
        raise Wrong(f"an answer to {' '.join(question)}", "none")
    return answer


def diamond(nix, name, flags, left="sleep 1; echo > $out", right="sleep 0.3; echo > $out"):
    """top needs left and right, both need bottom."""
    return nix.expression(
        name,
        f"""rec {{ bottom = make {{ pname = "{name}-bottom"; flags = "{flags}"; }} "{name}-bottom" "sleep 0.3; echo > $out";
                  left = make {{ inherit bottom; }} "{name}-left" "{left}";
                  right = make {{ inherit bottom; }} "{name}-right" "{right}";
                  top = make {{ inherit left right; }} "{name}-top" "echo > $out"; }}""",
    )


@case
def tree(nix, nixtape):
    """A tree has its root before that begins, says what waits, and after a failure what was not built."""
    file = diamond(nix, "tree", "a", left="sleep 100; echo > $out")
    client = nix.start("nix", "build", "--no-link", "-f", file, "top")

    def it_runs():
        running = the_one(nixtape.activities("build", "tree-left", "--running"), "running builds")
        rows = explained(nixtape, "tree", running["session"])["rows"]
        states = {row["name"]: row["state"] for row in rows}
        expect(("tree-top", 0), (rows[0]["name"], rows[0]["depth"]), "the root")
        expect(("waiting", "running"), (states["tree-top"], states["tree-left"]), "states of top and left")

    eventually(it_runs)
    client.send_signal(signal.SIGINT)
    client.wait(timeout=20)
    nix.build(diamond(nix, "tree", "b"), "top")
    nix.build(diamond(nix, "tree", "b", right="exit 3"), "top", status=1)

    def check():
        rights = nixtape.builds("tree-right")
        expect(3, len(rights), "number of builds of right")
        _, built, failed = rights
        whole = explained(nixtape, "tree", built["session"])
        expect({"built": 4}, whole["totals"], "states")
        expect([("tree-bottom", True)], [(r["name"], r["again"]) for r in whole["rows"] if r["again"]], "what stands above already")
        rows = explained(nixtape, "tree", failed["session"])["rows"]
        expect([("tree-top", "blocked"), ("tree-right", "failed")], [(r["name"], r["state"]) for r in rows], "the tree of the failure")
        expect_in("├─ tree-right", nixtape.command("tree", failed["session"]), "the tree as text")
        nixtape.command("tree", "/nix/store/" + "0" * 32 + "-nothing.drv", status=3)

    return check


@case
def why(nix, nixtape):
    """What asked for a build, and the one input that made it another one."""
    nix.build(diamond(nix, "why", "-O2"), "top")
    nix.build(diamond(nix, "why", "-O3"), "top")

    def check():
        said = explained(nixtape, "why", "why-left")
        expect(["why-top", "why-left"], [each["name"] for each in said["chain"]], "who needs it")
        expect("alice", said["sessions"][0]["user"], "whose session")
        expect("other", said["comparison"], "comparison")
        cause = the_one(said["causes"], "causes")
        expect("why-bottom", cause["name"], "the cause")
        expect([("env", "flags", "-O2", "-O3")], [tuple(change[key] for key in ("what", "name", "before", "after")) for change in cause["changes"]], "what changed in it")
        expect_in("flags: '-O2' → '-O3'", nixtape.command("why", "why-top"), "why as text")
        nixtape.command("why", "nothing-like-it", status=3)

    return check


@case
def critical_path(nix, nixtape):
    """The chain that ended last, and what a cache hit would save."""
    nix.build(diamond(nix, "path", "a"), "top")

    def check():
        top = the_one(nixtape.builds("path-top"), "builds")
        path = explained(nixtape, "critical-path", top["session"])
        expect(["path-bottom", "path-left", "path-top"], [link["name"] for link in path["links"]], "the chain")
        expect(4, path["steps"], "steps")
        chain = sum(link["gapMs"] + link["durationMs"] for link in path["links"])
        expect(path["realMs"], chain, "gaps and durations of the chain")
        left = path["links"][1]
        if not 400 <= left["savedMs"] <= left["durationMs"]:
            raise Wrong("savedMs of left: what it takes longer than right, about 700", left["savedMs"])

    return check
