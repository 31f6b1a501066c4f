package dev.nixtape.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.control.HostSample.Machine;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The remote builders that this host's Nix is set up with, and how many of their slots are taken.
/// For one thread.
final class RemoteMachines {
  private static final String CONFIGURATION = "/etc/nix/nix.conf";
  private static final String DEFAULT = "@/etc/nix/machines";
  private static final String SLOTS = "nix/var/nix/current-load";
  private static final long READ_EVERY_NANOS = Duration.ofSeconds(10).toNanos();

  /// Files within files, for one that includes itself.
  private static final int DEPTH = 20;

  /// Lix cuts a slot's name behind so many characters of the machine's, and tells machines apart by
  /// so many of its hash (src/libstore: `makeLockFilename`).
  private static final int LIX_NAME = 48;

  private static final int LIX_HASH = 16;
  private static final String BASE32 = "0123456789abcdfghijklmnpqrsvwxyz";
  private static final int SHA256_DIGITS = 52;
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");

  private final Path root;
  private final Path locks;
  private final Consumer<String> say;
  private final Set<String> said = new HashSet<>();
  private List<Configured> machines = List.of();

  /// A file of a slot stays when the slot is free again: one that is new is seen a moment later.
  private List<Slot> slots = List.of();

  private long readAt = System.nanoTime() - READ_EVERY_NANOS;

  /// @param root of the Nix that is watched
  /// @param locks `/proc/locks`
  /// @param say where to say, once, what Nix would not take
  RemoteMachines(Path root, Path locks, Consumer<String> say) {
    this.root = root;
    this.locks = locks;
    this.say = say;
  }

  /// @param names what its slots' files are called, but for their numbers
  private record Configured(Machine machine, List<String> names) {}

  private record Slot(String name, Inode file) {}

  List<Machine> look() {
    if (System.nanoTime() - readAt >= READ_EVERY_NANOS) {
      readAt = System.nanoTime();
      machines =
          configured().stream()
              .map(machine ->
                  new Configured(machine, List.of(nixName(machine.uri()), lixName(machine.uri()))))
              .toList();
      slots = machines.isEmpty() ? List.of() : slots();
    }
    Locks locked = slots.isEmpty() ? new Locks(Set.of(), Set.of()) : Locks.read(locks);
    List<String> taken =
        slots.stream().filter(slot -> locked.has(slot.file())).map(Slot::name).toList();
    return machines.stream()
        .map(configured -> {
          Machine machine = configured.machine();
          return new Machine(
              machine.uri(), machine.systems(), machine.slots(), used(configured, taken));
        })
        .toList();
  }

  private List<Machine> configured() {
    Map<String, String> settings = new HashMap<>();
    configuration(CONFIGURATION, 0, settings);
    return new MachinesFile(settings.getOrDefault("system", ownSystem()), this::text, this::once)
        .read(settings.getOrDefault("builders", DEFAULT));
  }

  /// The settings of a nix.conf, the last of each name.
  private void configuration(String file, int depth, Map<String, String> settings) {
    String text = text(file);
    if (text == null || depth > DEPTH) {
      return;
    }
    for (String line : text.split("\n", -1)) {
      String[] words = line.replaceFirst("#.*", "").strip().split("\\s+");
      if (words.length == 2 && words[0].matches("!?include")) {
        configuration(
            Path.of(file).resolveSibling(words[1]).normalize().toString(), depth + 1, settings);
      } else if (words.length >= 2 && words[1].equals("=")) {
        settings.put(words[0], String.join(" ", List.of(words).subList(2, words.length)));
      }
    }
  }

  private static String ownSystem() {
    String arch = System.getProperty("os.arch");
    return (arch.equals("amd64") ? "x86_64" : arch) + "-linux";
  }

  private @Nullable String text(String file) {
    try {
      return new String(
          Files.readAllBytes(root.resolve(Path.of("/").relativize(Path.of("/", file)))), UTF_8);
    } catch (NoSuchFileException _) {
      return null;
    } catch (IOException e) {
      once("%s cannot be read: %s".formatted(file, e.getMessage()));
      return null;
    }
  }

  private void once(String sentence) {
    if (said.add(sentence)) {
      say.accept("remote builders: " + sentence);
    }
  }

  private List<Slot> slots() {
    List<Slot> slots = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(root.resolve(SLOTS))) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        Inode.of(file).ifPresent(inode -> slots.add(new Slot(name, inode)));
      }
    } catch (IOException | DirectoryIteratorException _) {
      // none was ever taken
    }
    return slots;
  }

  /// @param taken names of slots' files
  private static int used(Configured configured, List<String> taken) {
    int used = 0;
    for (String name : taken) {
      int dash = name.lastIndexOf('-');
      String number = name.substring(dash + 1);
      if (dash > 0
          && configured.names().contains(name.substring(0, dash))
          && NUMBER.matcher(number).matches()
          && Integer.parseInt(number) < configured.machine().slots()) {
        used++;
      }
    }
    return used;
  }

  /// Nix: `escapeUri`, src/nix/build-remote.
  static String nixName(String uri) {
    return uri.replace('/', '_');
  }

  static String lixName(String uri) {
    String name = nixName(uri);
    return name.substring(0, Math.min(LIX_NAME, name.length()))
        + "-"
        + sha256(uri).substring(0, LIX_HASH);
  }

  /// In Nix's base 32.
  static String sha256(String text) {
    byte[] hash;
    try {
      hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    for (int i = 0; i < hash.length / 2; i++) {
      byte low = hash[i];
      hash[i] = hash[hash.length - 1 - i];
      hash[hash.length - 1 - i] = low;
    }
    BigInteger number = new BigInteger(1, hash);
    StringBuilder digits = new StringBuilder();
    for (int digit = SHA256_DIGITS - 1; digit >= 0; digit--) {
      digits.append(BASE32.charAt(number.shiftRight(5 * digit).intValue() & 31));
    }
    return digits.toString();
  }
}
