package dev.nixtape.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostTest {
  private static final long NOBODY_HERE = 3_999_999_999L;

  @TempDir Path proc;
  private Host host;

  @BeforeEach
  void fakeProc() {
    host = new Host("hostA", "boot1", () -> Instant.EPOCH, proc);
  }

  @Test
  void thisMachineHasANameAndABoot() {
    Host local = Host.local();

    assertFalse(local.name().isEmpty());
    assertTrue(local.boot().matches("[0-9a-f-]{36}"), local.boot());
  }

  @Test
  void aLiveProcessHasItsUsersNameAndCommandLine() throws Exception {
    Source.Process own = Host.local().ownUser();
    Process sleeper = new ProcessBuilder("sleep", "100").start();
    try {
      Tape.await(() -> !Host.local().process(sleeper.pid(), own.uid()).command().isEmpty());
      Tape.await(() ->
          Host.local().process(sleeper.pid(), own.uid()).command().equals(List.of("sleep", "100")));
      assertEquals(
          System.getProperty("user.name"), Host.local().process(sleeper.pid(), own.uid()).user());
    } finally {
      sleeper.destroyForcibly();
    }
  }

  @Test
  void aProcessThatIsGoneHasNeither() {
    assertEquals(new Source.Process(77, 5L, null, List.of()), host.process(77, 5L));
  }

  @Test
  void aDaemonsWorkerServesTheProcessInItsPaddedFirstArgument() throws IOException {
    process(77, "/usr/bin/nix-daemon\0" + "4242\0\0\0\0\0", "Uid:\t0\t0\t0\t0\nNSpid:\t77\n");
    process(4242, "nix\0build\0.#x\0", "Uid:\t1000\t1000\t1000\t1000\nNSpid:\t4242\n");

    Source.Process worker = host.process(77, 0L);

    assertEquals(List.of("/usr/bin/nix-daemon", "4242"), worker.command());
    Source.Process client = host.clientOf(worker).orElseThrow();
    assertEquals(4242, client.pid());
    assertEquals(1000L, client.uid());
    assertEquals(List.of("nix", "build", ".#x"), client.command());
  }

  @Test
  void aClientThatIsGoneIsStillNamedByItsPid() throws IOException {
    process(77, "nix-daemon\0" + "4242\0", "NSpid:\t77\n");

    assertEquals(
        new Source.Process(4242, null, null, List.of()),
        host.clientOf(host.process(77, 0L)).orElseThrow());
  }

  @Test
  void thePidsOfANestedNamespaceNameNobodyHere() throws IOException {
    process(77, "nix-daemon\0" + "42\0", "NSpid:\t77\t5\n");
    process(42, "sshd\0", "Uid:\t0\t0\t0\t0\n");

    assertTrue(host.clientOf(host.process(77, 0L)).isEmpty());
  }

  @Test
  void theDaemonItselfServesNobody() throws IOException {
    process(77, "nix-daemon\0--daemon\0", "NSpid:\t77\n");

    assertTrue(host.clientOf(host.process(77, 0L)).isEmpty());
  }

  @Test
  void aNameIsTakenFromThePeersPasswdWhenOnlyRootCanHaveWrittenIt() throws IOException {
    passwd("rwxr-xr-x", "rw-r--r--");
    boolean testIsRoot = Long.valueOf(0).equals(Host.local().ownUser().uid());

    assertEquals(testIsRoot ? "alice" : null, host.process(77, NOBODY_HERE).user());
  }

  @Test
  void aPasswdThatOthersCanWriteIsNotBelieved() throws IOException {
    passwd("rwxr-xr-x", "rw-rw-r--");
    assertNull(host.process(77, NOBODY_HERE).user());

    passwd("rwxrwxrwx", "rw-r--r--");
    assertNull(host.process(77, NOBODY_HERE).user());
  }

  @Test
  void inAnotherUserNamespaceTheSameNumberIsAnotherUser() throws IOException {
    passwd("rwxr-xr-x", "rw-r--r--");
    Files.writeString(proc.resolve("77/uid_map"), "0 100000 65536\n");

    assertNull(host.process(77, NOBODY_HERE).user());
  }

  @Test
  void aFileThatAnotherProcessHoldsOpenIsKnown() throws Exception {
    Path file = Files.writeString(proc.resolve("file"), "");
    assertFalse(Host.local().hasOpen(file));

    Process holder =
        new ProcessBuilder("sh", "-c", "echo ready; exec sleep 100")
            .redirectInput(file.toFile())
            .start();
    try (InputStream ready = holder.getInputStream()) {
      assertEquals('r', ready.read());
      assertTrue(Host.local().hasOpen(file));
    } finally {
      holder.destroyForcibly();
    }
  }

  private void process(long pid, String cmdline, String status) throws IOException {
    Path folder = Files.createDirectories(proc.resolve(Long.toString(pid)));
    Files.writeString(folder.resolve("cmdline"), cmdline);
    Files.writeString(folder.resolve("status"), status);
  }

  private void passwd(String folderMode, String mode) throws IOException {
    process(77, "nix\0", "NSpid:\t77\n");
    String sameUsers = "0 0 4294967295\n";
    Files.writeString(proc.resolve("77/uid_map"), sameUsers);
    Path own = Files.createDirectories(proc.resolve("" + ProcessHandle.current().pid()));
    Files.writeString(own.resolve("uid_map"), sameUsers);
    Path etc = Files.createDirectories(proc.resolve("77/root/etc"));
    Files.setPosixFilePermissions(etc, PosixFilePermissions.fromString(folderMode));
    Path passwd =
        Files.writeString(
            etc.resolve("passwd"), "root:x:0:0::/:/bin/sh\nalice:x:3999999999:100::/:/bin/sh\n");
    Files.setPosixFilePermissions(passwd, PosixFilePermissions.fromString(mode));
  }
}
