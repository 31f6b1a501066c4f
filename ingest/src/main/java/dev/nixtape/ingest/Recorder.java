package dev.nixtape.ingest;

import dev.nixtape.ingest.spool.PublishMeters;
import dev.nixtape.ingest.spool.Publisher;
import dev.nixtape.ingest.spool.Spool;
import dev.nixtape.ingest.spool.SpoolSession;
import dev.nixtape.ingest.spool.SpoolSettings;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/// What is read in this process, on its way into the log: appended to a spool, published from
/// there. Also publishes what other processes of this host left behind when they died.
public final class Recorder implements AutoCloseable {
  /// Sessions of a shim that can be open at once.
  static final int SHIM_SESSIONS = 16 * 1024;

  /// Sessions of a command that ends when its source does.
  private static final int COMMAND_SESSIONS = 64;

  /// Sessions that a shim names when it begins anew; with more, it says nothing.
  private static final int MAX_KEPT = 1000;

  private static final Duration ADOPT_EVERY = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(50);

  private final RecorderSettings settings;
  private final Host host;
  private final Consumer<String> say;
  private final Spool spool;
  private final Publisher publisher;
  private final boolean ownFolder;
  private final List<Spool> adopted = new CopyOnWriteArrayList<>();
  private final Thread adopting;
  private volatile boolean closed;

  /// Makes the publisher of a recorder.
  interface Publishing {
    Publisher to(Consumer<String> say);
  }

  private Recorder(
      RecorderSettings settings,
      Host host,
      Publishing publishing,
      Consumer<String> say,
      Spool spool,
      boolean ownFolder) {
    this.settings = settings;
    this.host = host;
    this.say = say;
    this.spool = spool;
    this.ownFolder = ownFolder;
    this.publisher = publishing.to(say);
    this.adopting = Thread.ofPlatform().daemon().name("nixtape-adopt").unstarted(this::adopt);
  }

  /// Of a shim: its spool has the name of its socket, so that the shim after it finds it. What the
  /// shim before it left is published when `begin` is called.
  ///
  /// @param say where to say in a sentence what the person who runs the host should know
  public static Recorder ofShim(
      RecorderSettings settings, Path socket, Host host, PublishMeters meters, Consumer<String> say)
      throws IOException {
    return ofShim(settings, socket, host, toKafka(settings, meters), say);
  }

  static Recorder ofShim(
      RecorderSettings settings,
      Path socket,
      Host host,
      Publishing publishing,
      Consumer<String> say)
      throws IOException {
    String name = socket.toString().replaceAll("[^A-Za-z0-9.]+", "-").replaceAll("^-", "");
    return new Recorder(
        settings,
        host,
        publishing,
        say,
        open(settings, name, SHIM_SESSIONS, true, host, say),
        false);
  }

  private static Publishing toKafka(RecorderSettings settings, PublishMeters meters) {
    return say -> Publisher.open(settings.bootstrapServers(), settings.kafka(), meters, say);
  }

  /// Of a command that ends when its source does.
  public static Recorder ofCommand(RecorderSettings settings, Host host, Consumer<String> say)
      throws IOException {
    return ofCommand(settings, host, toKafka(settings, PublishMeters.none()), say);
  }

  static Recorder ofCommand(
      RecorderSettings settings, Host host, Publishing publishing, Consumer<String> say)
      throws IOException {
    Recorder recorder =
        new Recorder(
            settings,
            host,
            publishing,
            say,
            open(settings, host.newSession().id(), COMMAND_SESSIONS, false, host, say),
            true);
    recorder.start();
    return recorder;
  }

  private static Spool open(
      RecorderSettings settings,
      String name,
      int sessions,
      boolean lands,
      Host host,
      Consumer<String> say)
      throws IOException {
    return Spool.open(
        settings.spools().resolve(name),
        spoolSettings(settings, sessions, lands, host),
        host.name(),
        host.now(),
        say);
  }

  private static SpoolSettings spoolSettings(
      RecorderSettings settings, int sessions, boolean lands, Host host) {
    Long own = host.ownUser().uid();
    return new SpoolSettings(
        settings.spoolLimit(), settings.fsync(), sessions, lands, own == null ? 0 : own);
  }

  /// Begins to publish, what is in the spool first. Sessions of a former life of which nobody will
  /// hear any more are closed.
  ///
  /// @param heard the ids of those that go on
  void begin(Set<String> heard, String path) {
    for (SpoolSession session : open()) {
      if (!heard.contains(session.id().id())) {
        closeUnheard(session, "the shim went away");
      }
    }
    List<String> kept = spool.sessions().stream().map(session -> session.id().id()).toList();
    if (kept.size() <= MAX_KEPT) {
      SessionId id = host.newSession();
      spool
          .begin(id, null, host.now())
          .ifPresent(session ->
              session.append(new LogEntry.Listening(id, host.now(), host.boot(), path, kept)));
    }
    start();
  }

  private void closeUnheard(SpoolSession session, String why) {
    session.append(
        new LogEntry.Closed(
            session.id(), host.now(), session.offset(), LogEntry.Ending.unheard(why)));
  }

  private void start() {
    publisher.add(spool);
    adopting.start();
  }

  /// Begins a session. Empty when as many are open as can be.
  Optional<Recording> record(SessionId id, Source source, Function<Recording, Onlooker> onlooker) {
    return spool
        .begin(id, source, host.now())
        .map(session -> new Recording(session, host, source, onlooker));
  }

  /// Begins a session of a source that nobody looks at beside.
  public Recording record(SessionId id, Source source) throws IOException {
    return record(id, source, _ -> Onlooker.NOBODY)
        .orElseThrow(() -> new IOException("as many sessions are open as the spool can have"));
  }

  /// The sessions that are not over.
  List<SpoolSession> open() {
    return spool.sessions().stream().filter(session -> !session.isOver()).toList();
  }

  /// The sessions that are in the spool, by their ids.
  Map<String, SpoolSession> byId() {
    return spool.sessions().stream()
        .collect(Collectors.toMap(session -> session.id().id(), session -> session));
  }

  Host host() {
    return host;
  }

  /// Publishes what processes left that are not there any more.
  private void adopt() {
    try {
      while (!closed) {
        try {
          adoptAll();
        } catch (IOException | UncheckedIOException e) {
          say.accept(
              "cannot publish what was left in %s: %s"
                  .formatted(settings.spools(), e.getMessage()));
        }
        publisher.awaitEnd(ADOPT_EVERY);
      }
    } catch (InterruptedException _) {
      // closing
    }
  }

  private void adoptAll() throws IOException {
    for (Spool done : adopted.stream().filter(Spool::isEmpty).toList()) {
      adopted.remove(done);
      publisher.remove(done);
      done.close();
      done.remove();
    }
    try (DirectoryStream<Path> folders =
        Files.newDirectoryStream(settings.spools(), Files::isDirectory)) {
      for (Path folder : folders) {
        if (!closed && Spool.isAt(folder) && !isOurs(folder)) {
          adopt(folder);
        }
      }
    }
  }

  private boolean isOurs(Path folder) {
    return folder.equals(spool.directory())
        || adopted.stream().anyMatch(each -> each.directory().equals(folder));
  }

  private void adopt(Path folder) throws IOException {
    Optional<Spool> left =
        Spool.tryOpen(
            folder,
            spoolSettings(settings, COMMAND_SESSIONS, false, host),
            host.name(),
            host.now(),
            say);
    if (left.isEmpty()) {
      return;
    }
    for (SpoolSession session : left.get().sessions()) {
      if (!session.isOver()) {
        closeUnheard(session, "the process that recorded it went away");
      }
    }
    adopted.add(left.get());
    publisher.add(left.get());
  }

  /// Why Kafka takes nothing, in words; empty when it does.
  public Optional<String> problem() {
    return Optional.ofNullable(publisher.problem());
  }

  String bootstrapServers() {
    return settings.bootstrapServers();
  }

  public Spool.State state() {
    return spool.state();
  }

  /// Bytes that processes which are not there any more left to be published.
  public long leftBytes() {
    return adopted.stream().mapToLong(each -> each.state().bytes()).sum();
  }

  /// Waits until Kafka answers and has the log. Throws an exception that says what to do when it
  /// does not.
  public void requireLog(Duration atMost) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!publisher.knowsLog()) {
      if (System.nanoTime() > deadline) {
        throw new IOException(
            problem().orElse("Kafka at %s is out of reach".formatted(settings.bootstrapServers())));
      }
      publisher.lookForLog();
      publisher.awaitMove(POLL);
    }
  }

  /// Waits until Kafka has acknowledged everything that was recorded; gives up when it acknowledged
  /// nothing at all for that long.
  public boolean awaitPublished(Duration stall) throws InterruptedException {
    long seen = publisher.acknowledgements();
    long deadline = System.nanoTime() + stall.toNanos();
    while (spool.state().waiting() > 0) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      publisher.awaitMove(POLL);
      long now = publisher.acknowledgements();
      if (now != seen) {
        seen = now;
        deadline = System.nanoTime() + stall.toNanos();
      }
    }
    return true;
  }

  /// What became of what was recorded so far.
  public Delivery delivery() {
    Spool.State state = spool.state();
    return new Delivery(
        state.waiting(), state.lostBytes(), state.lostLines(), spool.directory(), problem());
  }

  /// Waits like `awaitPublished`, then lets go of Kafka and of the spool. What is not acknowledged
  /// by then stays in the spool.
  public Delivery close(Duration stall) {
    if (!closed) {
      closed = true;
      boolean interrupted = false;
      try {
        awaitPublished(stall);
      } catch (InterruptedException _) {
        interrupted = true;
      }
      adopting.interrupt();
      publisher.close();
      Delivery delivery = delivery();
      try {
        adopting.join(1000);
        for (Spool each : adopted) {
          each.close();
        }
        spool.close();
        if (ownFolder && spool.isEmpty()) {
          spool.remove();
        }
      } catch (IOException e) {
        say.accept("closing the spool: " + e.getMessage());
      } catch (InterruptedException _) {
        interrupted = true;
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      return delivery;
    }
    return delivery();
  }

  @Override
  public void close() {
    close(Duration.ofSeconds(2));
  }
}
