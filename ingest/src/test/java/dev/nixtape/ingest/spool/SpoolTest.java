package dev.nixtape.ingest.spool;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.LogEntry.Ending;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {
  private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678Z");
  private static final SessionId SESSION = SessionId.at("hostA", AT, 1);
  private static final SessionId OTHER = SessionId.at("hostA", AT, 2);
  private static final String PROGRESS =
      "{\"action\":\"result\",\"fields\":[1,2,0,0],\"id\":7,\"type\":105}\n";
  private static final String LINE =
      "{\"action\":\"result\",\"fields\":[\"a line\"],\"id\":7,\"type\":101}\n";

  @TempDir Path folder;

  private final TestKafka kafka = new TestKafka();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<String> said = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
  }

  @Test
  void whatIsInTheSpoolOfAKilledShimIsPublishedByTheNext() throws Exception {
    SpoolSession session = begin(spool("spool"), SESSION, 0);
    append(session, "one\ntwo\nthr");

    finish(killed("spool"));

    Stream stream = Stream.of(SESSION, kafka.entries());
    assertEquals("one\ntwo\nthr", stream.text());
    assertEquals(0, stream.missing() + stream.unexplained());
  }

  @Test
  void aReadThatWasUnderWayWhenTheShimWasKilledIsKept() throws Exception {
    SpoolSession session = begin(spool("spool"), SESSION, 0);
    append(session, "one\n");
    // The kernel has stored it, and then there was no time for anything more.
    session.landing().put("two\nthr".getBytes(UTF_8));

    finish(killed("spool"));

    Stream stream = Stream.of(SESSION, kafka.entries());
    assertEquals("one\ntwo\nthr", stream.text());
    assertEquals(0, stream.missing() + stream.unexplained());
  }

  @Test
  void aShimCanBeKilledAtAnyByteOfItsLastWrite() throws Exception {
    SpoolSession session = begin(spool("spool"), SESSION, 0);
    append(session, LINE);
    Path segment = folder.resolve("spool/" + SESSION.id() + ".0");
    long before = Files.size(segment);
    Path landed = copy("spool", "landed");
    append(session, LINE + PROGRESS);
    long after = Files.size(segment);
    for (long cut = before; cut <= after; cut++) {
      // What the kernel had copied of the write so far, and the read that it was of.
      Path cutOff = copy("spool", "cut-" + cut);
      Files.copy(
          landed.resolve(Ledger.FILE),
          cutOff.resolve(Ledger.FILE),
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      truncate(cutOff.resolve(SESSION.id() + ".0"), cut);
      Ledger ledger = Ledger.open(cutOff, 4, Spool.READ_BYTES);
      ledger.reading(0, LINE.length()).put((LINE + PROGRESS).getBytes(UTF_8));
      TestKafka its = new TestKafka();

      finish(open(cutOff), its);

      Stream stream = Stream.of(SESSION, its.entries());
      assertEquals(LINE + LINE + PROGRESS, stream.text(), "cut at " + cut);
      assertEquals(0, stream.missing() + stream.unexplained());
    }
  }

  @Test
  void aShimCanBeKilledWhileItBeginsASegment() throws Exception {
    Spool spool = spool("spool");
    append(begin(spool, SESSION, 0), LINE);
    SpoolSession _ = begin(spool, OTHER, 0);
    byte[] head = Files.readAllBytes(folder.resolve("spool/" + SESSION.id() + ".0"));
    for (int cut = 0; cut < Frame.HEADER + 20; cut++) {
      Path killed = copy("spool", "begun-" + cut);
      Files.write(killed.resolve(SESSION.id() + ".1"), Arrays.copyOf(head, cut));
      Files.write(killed.resolve(OTHER.id() + ".0"), Arrays.copyOf(head, cut));
      TestKafka its = new TestKafka();

      finish(open(killed), its);

      Stream stream = Stream.of(SESSION, its.entries());
      assertEquals(LINE, stream.text(), "cut at " + cut);
      assertEquals(0, stream.missing() + stream.unexplained());
      assertEquals(
          List.of(), its.entries().stream().filter(e -> e.session().equals(OTHER)).toList());
    }
  }

  @Test
  void bytesThatAKilledShimHadReadAndLostAreAGap() throws Exception {
    SpoolSession session = begin(spool("spool"), SESSION, 0);
    append(session, LINE + LINE);
    Path killed = copy("spool", "killed");
    truncate(
        killed.resolve(SESSION.id() + ".0"), Files.size(killed.resolve(SESSION.id() + ".0")) - 10);

    finish(open(killed));

    Stream stream = Stream.of(SESSION, kafka.entries());
    assertEquals((LINE + LINE).substring(0, 2 * LINE.length() - 10), stream.text());
    assertEquals(10, stream.missing());
    assertEquals(0, stream.unexplained());
    assertTrue(gaps().getFirst().why().contains("killed"), gaps().toString());
  }

  @Test
  void aSessionGoesOnInTheNextShimWhereItWas() throws Exception {
    SpoolSession session = begin(spool("spool"), SESSION, 0);
    append(session, "one\ntw");

    Spool next = killed("spool");
    SpoolSession again = next.sessions().getFirst();
    append(again, "o\nthree\n");
    again.append(new LogEntry.Closed(SESSION, AT, 0, Ending.end()));
    publish(next, kafka);

    TestKafka.await(next::isEmpty);
    assertEquals("one\ntwo\nthree\n", Stream.of(SESSION, kafka.entries()).text());
    assertEquals(SegmentHead.VERSION, 1, "a test of that version must be kept when it is raised");
  }

  @Test
  void aSegmentThatIsDamagedOnItsDiskCostsWhatItHeldAndNoMore() throws Exception {
    SpoolSession session = begin(spool("spool"), SESSION, 0);
    append(session, LINE.repeat(1000));
    Path killed = copy("spool", "killed");
    Path segment = killed.resolve(SESSION.id() + ".0");
    byte[] bytes = Files.readAllBytes(segment);
    bytes[bytes.length - 500] ^= 1;
    Files.write(segment, bytes);
    Spool next = open(killed);
    SpoolSession again = next.sessions().getFirst();
    append(again, "after\n");

    finish(next);

    Stream stream = Stream.of(SESSION, kafka.entries());
    assertEquals("after\n", stream.text());
    assertEquals(LINE.length() * 1000L, stream.missing());
    assertEquals(0, stream.unexplained());
  }

  @Test
  void aSegmentWithoutABeginningIsPutAsideAndAccountedFor() throws Exception {
    SpoolSession session = begin(spool("spool"), SESSION, 0);
    append(session, LINE.repeat(40_000));
    Path killed = copy("spool", "killed");
    Files.write(killed.resolve(SESSION.id() + ".1"), new byte[5000]);
    Spool next = open(killed);

    finish(next);

    Stream stream = Stream.of(SESSION, kafka.entries());
    assertEquals(LINE.length() * 40_000L, stream.text().length() + stream.missing());
    assertTrue(stream.missing() > 0);
    assertEquals(0, stream.unexplained());
    assertTrue(
        said.getFirst()
            .endsWith(
                ".1 is no segment of a spool; it is %s.1.unreadable now".formatted(SESSION.id())),
        said.toString());
  }

  @Test
  void whatKafkaAcknowledgedIsDeleted() throws Exception {
    Spool spool = spool("spool");
    publish(spool, kafka);
    SpoolSession session = begin(spool, SESSION, 0);

    append(session, LINE.repeat(50_000));
    session.append(new LogEntry.Closed(SESSION, AT, 0, Ending.end()));

    TestKafka.await(spool::isEmpty);
    assertEquals(List.of(Ledger.FILE, DirectoryLock.FILE), files("spool"));
    assertEquals(0, spool.state().bytes());
    assertEquals(LINE.repeat(50_000), Stream.of(SESSION, kafka.entries()).text());
  }

  @Test
  void aLongSessionKeepsLittleOfWhatIsPublished() throws Exception {
    Spool spool = spool("spool");
    publish(spool, kafka);
    SpoolSession session = begin(spool, SESSION, 0);

    for (int i = 0; i < 100; i++) {
      append(session, LINE.repeat(1000));
      TestKafka.await(() -> session.behind() == 0);
    }

    assertTrue(spool.state().bytes() < 2 * SpoolSession.SEGMENT_BYTES, spool.state().toString());
  }

  @Test
  void progressIsDroppedFirstWhenTheSpoolFillsUp() throws Exception {
    Spool spool = spool("spool");
    SpoolSession session = begin(spool, SESSION, 0);
    String lines = (PROGRESS.repeat(49) + LINE).repeat(20);
    int sent = 0;
    while (spool.state().lostLines() < 10_000) {
      append(session, lines);
      sent += lines.length();
    }
    session.append(new LogEntry.Closed(SESSION, AT, 0, Ending.end()));

    publish(spool, kafka);
    TestKafka.await(spool::isEmpty);

    Stream stream = Stream.of(SESSION, kafka.entries());
    assertEquals(sent, stream.text().length() + stream.missing());
    assertEquals(0, stream.unexplained());
    assertEquals(
        sent / lines.length() * 20, stream.text().split("a line", -1).length - 1, "log lines");
    assertEquals(10_000, stream.missingLines() / 10_000 * 10_000);
    assertTrue(
        gaps().getFirst().why().contains("share of the spool"), gaps().getFirst().toString());
  }

  @Test
  void aSpoolThatIsFullDropsWholeChunksAndSaysHowManyLines() throws Exception {
    Spool spool = spool("spool");
    SpoolSession session = begin(spool, SESSION, 0);
    int sent = 0;
    while (spool.state().lostLines() < 10_000) {
      append(session, LINE.repeat(100));
      sent += 100;
    }
    assertTrue(spool.state().bytes() < LIMIT + SpoolSession.SEGMENT_BYTES);
    publish(spool, kafka);
    TestKafka.await(() -> session.behind() == 0);
    append(session, "last\n");
    session.append(new LogEntry.Closed(SESSION, AT, 0, Ending.end()));
    TestKafka.await(spool::isEmpty);

    Stream stream = Stream.of(SESSION, kafka.entries());
    assertEquals(sent + 1, stream.text().lines().count() + stream.missingLines());
    assertEquals(0, stream.unexplained());
    assertTrue(stream.text().endsWith("last\n"));
    assertEquals(1, gaps().size());
  }

  @Test
  void whatIsPublishedOfOpenSessionsTakesNoRoomFromOthers() throws Exception {
    Spool spool = spool("spool");
    List<SpoolSession> sessions = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      SpoolSession session = begin(spool, SessionId.at("hostA", AT, 10 + i), 4711);
      sessions.add(session);
      append(session, LINE.repeat((int) (LIMIT / 4 / 4 / LINE.length())));
    }
    publish(spool, kafka);
    TestKafka.await(() -> sessions.stream().allMatch(session -> session.behind() == 0));
    // The user's share is taken, by what is published already.
    append(sessions.getFirst(), LINE);

    TestKafka.await(() -> spool.state().bytes() < 10_000);
    append(sessions.getLast(), "one\ntwo\n");

    TestKafka.await(() -> sessions.getLast().behind() == 0);
    Stream stream = Stream.of(sessions.getLast().id(), kafka.entries());
    assertTrue(stream.text().endsWith("one\ntwo\n"));
    assertEquals(0, stream.missing() + stream.unexplained());
  }

  @Test
  void aUserWhoFloodsTheSpoolTakesNothingFromOthers() throws Exception {
    Spool spool = spool("spool");
    SpoolSession stranger = begin(spool, SESSION, 4711);
    SpoolSession root = begin(spool, OTHER, 0);

    for (int i = 0; i < 1000; i++) {
      append(stranger, LINE.repeat(1000));
    }
    append(root, LINE.repeat(1000));

    assertTrue(stranger.bytes() < LIMIT / 4 + SpoolSession.SEGMENT_BYTES, "" + stranger.bytes());
    assertEquals(LINE.length() * 1000L, root.offset());
    stranger.append(new LogEntry.Closed(SESSION, AT, 0, Ending.end()));
    root.append(new LogEntry.Closed(OTHER, AT, 0, Ending.end()));
    publish(spool, kafka);
    TestKafka.await(spool::isEmpty);
    assertEquals(0, Stream.of(OTHER, kafka.entries()).missing());
    assertTrue(gaps().getFirst().why().contains("user"), gaps().getFirst().toString());
  }

  @Test
  void aDropThatTheShimDidNotLiveToWriteDownIsInTheLedger() throws Exception {
    Spool spool = spool("spool");
    SpoolSession session = begin(spool, SESSION, 0);
    int sent = 0;
    while (spool.state().lostLines() < 1000) {
      append(session, LINE.repeat(100));
      sent += 100;
    }

    finish(killed("spool"));

    Stream stream = Stream.of(SESSION, kafka.entries());
    assertEquals(sent, stream.text().lines().count() + stream.missingLines());
    assertEquals((long) sent * LINE.length(), stream.text().length() + stream.missing());
  }

  @Test
  void aSpoolOfAnotherVersionIsRefusedByName() throws Exception {
    Files.createDirectories(folder.resolve("spool"));
    Files.write(folder.resolve("spool/ledger"), "nixtape ledger 9 and so on".getBytes(UTF_8));

    IOException e = assertThrows(IOException.class, () -> spool("spool"));

    assertTrue(
        String.valueOf(e.getMessage()).contains("spool/ledger was written by another version"),
        e.toString());
  }

  @Test
  void aSpoolThatAnotherProcessUsesIsRefusedByName() throws Exception {
    spool("spool");

    IOException e = assertThrows(IOException.class, () -> spool("spool"));

    assertTrue(
        String.valueOf(e.getMessage())
            .endsWith(
                "is used by process %d: stop that one, or choose another with --spool"
                    .formatted(ProcessHandle.current().pid())),
        e.toString());
  }

  @Test
  void aDirectoryThatIsAFileIsNamed() throws Exception {
    Files.writeString(folder.resolve("spool"), "");

    IOException e = assertThrows(IOException.class, () -> spool("spool"));

    assertTrue(
        String.valueOf(e.getMessage()).startsWith("cannot write to the spool " + folder),
        e.toString());
  }

  @Test
  void randomStreamsSurviveRandomDeaths() throws Exception {
    Random random = new Random(20261121);
    for (int round = 0; round < 30; round++) {
      TestKafka its = new TestKafka();
      StringBuilder sent = new StringBuilder();
      String name = "round-" + round;
      Spool spool = spool(name);
      SpoolSession session = begin(spool, SESSION, 0);
      for (int life = 0; life < 6; life++) {
        for (int reads = random.nextInt(20); reads > 0; reads--) {
          byte[] read = bytes(random, 1 + random.nextInt(30_000));
          sent.append(new String(read, ISO_8859_1));
          session.append(ByteBuffer.wrap(read), AT.plusMillis(random.nextInt(100)));
        }
        if (random.nextBoolean()) {
          byte[] read = bytes(random, 1 + random.nextInt(30_000));
          read[read.length - 1] |= 1;
          sent.append(new String(read, ISO_8859_1));
          session.landing().put(read);
        }
        Publisher publisher = random.nextBoolean() ? publish(spool, its) : null;
        if (publisher != null) {
          publisher.close();
        }
        String next = name + "-" + life;
        spool = open(copy(name, next));
        name = next;
        session = spool.sessions().getFirst();
      }
      finish(spool, its);

      Stream stream = Stream.of(SESSION, its.entries());
      assertEquals(sent.toString(), stream.text(), "round " + round);
      assertEquals(0, stream.missing() + stream.unexplained());
      assertTrue(stream.closed());
    }
  }

  private static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = random.nextInt(60) == 0 ? (byte) '\n' : (byte) (' ' + random.nextInt(90));
    }
    return bytes;
  }

  private static final long LIMIT = 8L << 20;

  private Spool spool(String name) throws IOException {
    return open(folder.resolve(name));
  }

  private Spool open(Path directory) throws IOException {
    Spool spool =
        Spool.open(directory, new SpoolSettings(LIMIT, false, 4, true, 0), "hostA", AT, said::add);
    open.add(spool);
    return spool;
  }

  /// The spool as a shim leaves it that is killed now.
  private Spool killed(String name) throws IOException {
    return open(copy(name, name + "-killed"));
  }

  private Path copy(String from, String to) throws IOException {
    Path copy = Files.createDirectories(folder.resolve(to));
    for (String file : files(from)) {
      Files.copy(folder.resolve(from).resolve(file), copy.resolve(file));
    }
    return copy;
  }

  private List<String> files(String name) throws IOException {
    try (var files = Files.list(folder.resolve(name))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static void truncate(Path file, long size) throws IOException {
    try (var channel = java.nio.channels.FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    }
  }

  private SpoolSession begin(Spool spool, SessionId id, long uid) {
    Source.Process peer = new Source.Process(77, uid, null, List.of("nix"));
    Source source = new Source(Source.Kind.SOCKET, "boot", "/nix.sock", true, peer, null);
    return spool.begin(id, source, AT).orElseThrow();
  }

  private static void append(SpoolSession session, String text) {
    session.append(ByteBuffer.wrap(text.getBytes(UTF_8)), AT);
  }

  private Publisher publish(Spool spool, TestKafka to) {
    Publisher publisher = to.publisher(said::add);
    open.add(publisher);
    publisher.add(spool);
    return publisher;
  }

  private void finish(Spool spool) throws IOException {
    finish(spool, kafka);
  }

  /// Closes every session as nobody's any more, and publishes all.
  private void finish(Spool spool, TestKafka to) throws IOException {
    for (SpoolSession session : spool.sessions()) {
      session.append(new LogEntry.Closed(session.id(), AT, 0, Ending.unheard("killed")));
    }
    try (Publisher _ = publish(spool, to)) {
      TestKafka.await(spool::isEmpty);
    }
    assertFalse(to.entries().isEmpty());
  }

  private List<LogEntry.Gap> gaps() {
    return kafka.entries().stream()
        .filter(LogEntry.Gap.class::isInstance)
        .map(LogEntry.Gap.class::cast)
        .toList();
  }
}
