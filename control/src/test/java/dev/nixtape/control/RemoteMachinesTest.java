package dev.nixtape.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.control.HostSample.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Remote builders, as Nix reads them and takes their slots.
class RemoteMachinesTest {
  @TempDir Path root;
  private final List<String> bad = new ArrayList<>();

  private List<Machine> read(String builders, Map<String, String> files) {
    return new MachinesFile("x86_64-linux", files::get, bad::add).read(builders);
  }

  private static Machine machine(String uri, int slots, String... systems) {
    return new Machine(uri, List.of(systems), slots, 0);
  }

  @Test
  void anEntryHasItsPlacesAndADashIsTheDefault() {
    assertEquals(
        List.of(
            machine("ssh://nix@a", 8, "i686-linux", "x86_64-linux"),
            machine("ssh-ng://b", 1, "x86_64-linux"),
            machine("ssh-ng://c", 2, "aarch64-linux"),
            machine("ssh://d", 0, "x86_64-linux")),
        read(
            """
            ssh://nix@a  i686-linux,x86_64-linux /root/key 8 2 kvm,big-parallel benchmark c3NoLXJzYQ==
            ssh-ng://b\t-\t-\t-\t-
            ssh-ng://c aarch64-linux - 2 0.5
            ssh://d - - 0 1.5e-1
            """,
            Map.of()));
    assertEquals(List.of(), bad);
  }

  @Test
  void aBareHostIsReachedBySsh() {
    assertEquals(
        List.of("ssh://mac", "ssh://nix@10.0.0.7", "daemon", "local?root=/x", "auto", "/store"),
        read("mac; nix@10.0.0.7; daemon; local?root=/x; auto; /store", Map.of()).stream()
            .map(Machine::uri)
            .toList());
  }

  @Test
  void commentsAndBlankEntriesAreNone() {
    assertEquals(
        List.of(machine("ssh://a", 1, "x86_64-linux"), machine("ssh://c", 1, "x86_64-linux")),
        read("# all of them\n\n ; ssh://a ;; # ssh://b\nssh://c# x86_64-linux\n", Map.of()));
  }

  @Test
  void filesNameFiles() {
    assertEquals(
        List.of("ssh://a", "ssh://b", "ssh://c"),
        read(
                "ssh://a; @/etc/nix/machines; @/not/there",
                Map.of("/etc/nix/machines", "@ /more # here\nssh://c", "/more", "ssh://b"))
            .stream()
            .map(Machine::uri)
            .toList());
    assertEquals(List.of(), bad);
  }

  @Test
  void aFileThatNamesItselfIsSaid() {
    assertEquals(16, read("@/a", Map.of("/a", "ssh://a\n@/a")).size());
    assertEquals(List.of("'@/a' names itself"), bad);
  }

  /// Nix knows no quotes here.
  @Test
  void whatNixWouldRefuseIsSaidAndTheRestIsRead() {
    assertEquals(
        List.of(machine("ssh://c", 4, "x86_64-linux")),
        read(
            "ssh://a - - many\nssh://b - - 1 -1\n- x86_64-linux\nssh://c \"x\"y - 4 fast\nssh://c - - 4",
            Map.of()));
    assertEquals(
        List.of(
            "'ssh://a - - many' is no remote builder: URI SYSTEMS SSH-KEY SLOTS SPEED …",
            "'ssh://b - - 1 -1' is no remote builder: URI SYSTEMS SSH-KEY SLOTS SPEED …",
            "'- x86_64-linux' is no remote builder: URI SYSTEMS SSH-KEY SLOTS SPEED …",
            "'ssh://c \"x\"y - 4 fast' is no remote builder: URI SYSTEMS SSH-KEY SLOTS SPEED …"),
        bad);
  }

  /// The hash of nothing, as `nix hash` has it.
  @Test
  void slotsHaveTheNamesThatNixAndLixGiveThem() {
    assertEquals("0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73", RemoteMachines.sha256(""));
    assertEquals("ssh-ng:__nix@host", RemoteMachines.nixName("ssh-ng://nix@host"));
    assertTrue(
        RemoteMachines.lixName("ssh-ng://nix@" + "h".repeat(60))
            .matches("ssh-ng:__nix@h{35}-[0-9a-z]{16}"));
  }

  private RemoteMachines machines(Path locks) {
    return new RemoteMachines(root, locks, bad::add);
  }

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  @Test
  void theSettingIsTheLastInTheFilesOfTheConfiguration() throws IOException {
    write(
        "etc/nix/nix.conf", "builders = ssh://old\ninclude more.conf # and\n!include none.conf\n");
    write(
        "etc/nix/more.conf", "system = riscv64-linux\nbuilders = ssh://a - - 2 ; @/srv/machines\n");
    write("srv/machines", "b\n");

    assertEquals(
        List.of(machine("ssh://a", 2, "riscv64-linux"), machine("ssh://b", 1, "riscv64-linux")),
        machines(Path.of("/proc/locks")).look());
  }

  @Test
  void withoutASettingItIsTheMachinesFile() throws IOException {
    assertEquals(List.of(), machines(Path.of("/proc/locks")).look());
    write("etc/nix/machines", "a x86_64-linux");
    assertEquals(
        List.of(machine("ssh://a", 1, "x86_64-linux")), machines(Path.of("/proc/locks")).look());
  }

  @Test
  void aBadLineIsSaidOnce() throws IOException {
    write("etc/nix/machines", "ssh://a - - many\nssh://a - - many");
    RemoteMachines machines = machines(Path.of("/proc/locks"));
    machines.look();
    machines.look();
    assertEquals(1, bad.size(), bad.toString());
  }

  /// What the kernel would say of locks on files that are really there.
  @Test
  void aSlotIsTakenWhileSomebodyHasItsFileLocked() throws IOException {
    write("etc/nix/machines", "ssh://a - - 3\nssh://b - - 2");
    String folder = "nix/var/nix/current-load/";
    for (String slot : List.of("ssh:__a-0", "ssh:__a-1", "ssh:__a-2", "ssh:__a-3", "ssh:__b-0")) {
      write(folder + slot, "");
    }
    write(folder + RemoteMachines.lixName("ssh://b") + "-1", "");
    Path locks = root.resolve("locks");
    Files.writeString(
        locks,
        line("FLOCK", "WRITE", folder + "ssh:__a-0")
            // waits for it
            + line("-> FLOCK", "WRITE", folder + "ssh:__a-1")
            + line("FLOCK", "READ", folder + "ssh:__a-1")
            + line("POSIX", "WRITE", folder + "ssh:__a-1")
            + line("FLOCK", "WRITE", folder + "ssh:__a-2")
            // it has but three
            + line("FLOCK", "WRITE", folder + "ssh:__a-3")
            + line("FLOCK", "WRITE", folder + RemoteMachines.lixName("ssh://b") + "-1"));

    assertEquals(List.of(2, 1), machines(locks).look().stream().map(Machine::used).toList());

    Files.writeString(locks, "");
    assertEquals(List.of(0, 0), machines(locks).look().stream().map(Machine::used).toList());
  }

  private String line(String kind, String mode, String file) throws IOException {
    Inode inode = Inode.of(root.resolve(file)).orElseThrow();
    long major = (inode.device() >>> 8) & 0xfff;
    long minor = (inode.device() & 0xff) | ((inode.device() >>> 12) & 0xfff00);
    return "1: %s  ADVISORY  %s 4711 %02x:%02x:%d 0 EOF%n"
        .formatted(kind, mode, major, minor, inode.number());
  }

  @Test
  void theSameNumberOnAnotherDiskIsAnotherFile() {
    Inode locked = new Inode(Locks.device(0xfe, 0), 4711);
    Locks locks = new Locks(Set.of(locked), Set.of(4711L));
    assertTrue(locks.has(new Inode(0xfe00, 4711)));
    assertEquals(false, locks.has(new Inode(0x0801, 4711)));
    // btrfs
    assertTrue(locks.has(new Inode(0x0021, 4711)));
  }
}
