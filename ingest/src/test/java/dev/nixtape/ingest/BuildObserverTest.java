package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildObserverTest {
  private static final long PEER = 77;
  private static final String DRV = "/nix/store/a5afb3xd46scncmlpyhdn7d68kdiq57g-alpha-1.0.drv";
  private static final String OUT = "/nix/store/0kzm0jjrfrx167f7h2qpc72naqgijjq6-alpha-1.0";
  private static final String DEV = "/nix/store/1kzm0jjrfrx167f7h2qpc72naqgijjq6-alpha-1.0-dev";
  private static final String TEXT =
      "Derive([(\"dev\",\"%s\",\"\",\"\"),(\"out\",\"%s\",\"\",\"\")],[],[],\"x86_64-linux\",\"/bin/sh\",[],[])"
          .formatted(DEV, OUT);

  @TempDir Path proc;
  @TempDir Path spools;
  private Host host;
  private Tape tape;
  private BuildObserver observer;
  private Path root;

  @BeforeEach
  void makeStore() throws IOException {
    host = new Host("hostA", "boot1", () -> Instant.EPOCH, proc);
    tape = Tape.ofCommand(spools, host);
    observer = new BuildObserver(host);
    root = proc.resolve(PEER + "/root");
    Files.createDirectories(root.resolve("nix/store"));
    Files.writeString(at(DRV), TEXT);
  }

  @AfterEach
  void close() {
    observer.close();
    tape.close();
  }

  @Test
  void aBuildsDerivationIsReadWhenItStartsAndItsOutputsWhenItStops() throws IOException {
    register(DEV);
    Recording session = session();

    take(session, start(1, DRV));
    Tape.await(() -> observations().size() == 1);
    register(OUT);
    take(session, stop(1));
    session.end(LogEntry.Ending.end());
    tape.awaitClosed();

    assertEquals(
        List.of(
            new Observation.DerivationRead(1, DRV, TEXT, List.of(DEV)),
            new Observation.OutputsChecked(1, DRV, List.of(DEV, OUT), List.of())),
        observations());
  }

  @Test
  void anObservationStandsBehindTheLineThatMadeTheShimLook() {
    Recording session = session();
    String before = "{\"action\":\"msg\",\"level\":3,\"msg\":\"hi\"}\n";

    take(session, before + start(1, DRV));
    Tape.await(() -> observations().size() == 1);

    assertInstanceOf(LogEntry.Lines.class, tape.entries().get(1));
    assertEquals((before + start(1, DRV)).length(), tape.entries().get(2).offset());
  }

  @Test
  void whatAFailedBuildLeftLyingIsAbsent() throws IOException {
    Recording session = session();
    take(session, start(1, DRV));
    Tape.await(() -> observations().size() == 1);
    Files.writeString(at(OUT), "half of it");

    take(session, stop(1));
    Tape.await(() -> observations().size() == 2);

    assertEquals(
        new Observation.OutputsChecked(1, DRV, List.of(), List.of(DEV, OUT)),
        observations().get(1));
  }

  @Test
  void aBuildThatClientAndWorkerTellOfIsObservedOnceInTheSessionThatToldFirst() {
    Recording client = session();
    Recording worker = session();

    take(worker, start(1, DRV));
    take(client, start(1, DRV));
    take(client, stop(1));
    take(worker, stop(1));
    worker.end(LogEntry.Ending.end());
    client.end(LogEntry.Ending.end());
    Tape.await(() -> tape.entries(LogEntry.Closed.class).size() == 2);

    assertEquals(2, observations().size());
    assertTrue(
        tape.entries(LogEntry.Observed.class).stream()
            .allMatch(entry -> entry.session().equals(worker.session())));
  }

  @Test
  void theSlowerOfTwoStreamsAddsNothing() {
    Recording client = session();
    Recording worker = session();

    take(worker, start(1, DRV) + stop(1));
    worker.end(LogEntry.Ending.end());
    take(client, start(1, DRV) + stop(1));
    client.end(LogEntry.Ending.end());
    Tape.await(() -> tape.entries(LogEntry.Closed.class).size() == 2);

    assertEquals(2, observations().size());
  }

  @Test
  void theSessionThatIsLeftHearsTheStop() {
    Recording client = session();
    Recording worker = session();

    take(client, start(1, DRV));
    take(worker, start(1, DRV));
    client.end(LogEntry.Ending.end());
    take(worker, stop(1));
    worker.end(LogEntry.Ending.end());
    Tape.await(() -> tape.entries(LogEntry.Closed.class).size() == 2);

    assertInstanceOf(Observation.DerivationRead.class, onlyObservation(client));
    assertInstanceOf(Observation.OutputsChecked.class, onlyObservation(worker));
  }

  @Test
  void anIdThatComesBackForAnotherDerivationIsAnotherBuild() throws IOException {
    String other = DRV.replace("alpha", "gamma");
    Files.writeString(at(other), TEXT);
    Recording session = session();

    take(session, start(1, DRV) + stop(1) + start(1, other) + stop(1));

    Tape.await(() -> observations().size() == 4);
    assertInstanceOf(Observation.DerivationRead.class, observations().get(2));
  }

  @Test
  void aDerivationThatCannotBeReadIsSaidOnce() {
    String missing = DRV.replace("alpha", "gamma");
    Recording session = session();

    take(session, start(1, missing) + stop(1));
    session.end(LogEntry.Ending.end());
    tape.awaitClosed();

    assertEquals(
        List.of(new Observation.Unreadable(1, missing, missing + " does not exist")),
        observations());
  }

  @Test
  void outputsWhosePathsDependOnTheirContentsCannotBeObserved() throws IOException {
    Files.writeString(at(DRV), TEXT.replace(OUT, ""));

    take(session(), start(1, DRV) + stop(1));

    Tape.await(() -> !observations().isEmpty());
    assertEquals(
        new Observation.Unreadable(1, DRV, "its outputs' paths depend on their contents"),
        observations().getFirst());
  }

  @Test
  void nothingButDerivationsOfAStoreIsEverPublished() throws IOException {
    Path secret = Files.writeString(root.resolve("nix/store/secret.drv"), TEXT);
    Files.writeString(at(DRV.replace("alpha", "notes")), "my diary");
    Files.createSymbolicLink(at(DRV.replace("alpha", "link")), secret);
    Files.writeString(at(DRV.replace("alpha", "large")), TEXT + " ".repeat(300_000));
    Recording session = session();

    take(session, start(1, "/nix/store/secret.drv"));
    take(session, start(2, DRV.replace("alpha", "notes")));
    take(session, start(3, DRV.replace("alpha", "link")));
    take(session, start(4, DRV.replace("alpha", "large")));
    take(session, start(5, "/nix/store/../store/" + DRV.substring(11)));
    take(session, start(6, "relative.drv"));

    Tape.await(() -> observations().size() == 6);
    observations().forEach(each -> assertInstanceOf(Observation.Unreadable.class, each));
  }

  @Test
  void thePeersStoreIsStillReadWhenThePeerHasDied() throws IOException {
    Recording session = session();
    take(session, start(1, DRV));
    Tape.await(() -> observations().size() == 1);

    register(OUT);
    Files.move(root, proc.resolve("elsewhere"));
    take(session, stop(1));

    Tape.await(() -> observations().size() == 2);
    assertEquals(
        new Observation.OutputsChecked(1, DRV, List.of(OUT), List.of(DEV)), observations().get(1));
  }

  @Test
  void onlyStartsAndStopsOfBuildsAreLookedAt() {
    Recording session = session();

    take(session, "{\"action\":\"start\",\"id\":9,\"level\":0,\"text\":\"\",\"type\":104}\n");
    take(session, "{\"action\":\"stop\",\"id\":9}\n{\"action\":\"st\n{\"action\":\"start\"\n\n");
    take(session, "@nix " + start(1, DRV));
    session.end(LogEntry.Ending.end());
    tape.awaitClosed();

    assertEquals(1, observations().size());
  }

  @Test
  void whatABuildNeedsIsReadDownToTheLastAndBeforeTheSessionCloses() throws IOException {
    needs("top", "left", "right");
    needs("left", "bottom");
    needs("right", "bottom");
    needs("bottom");
    Recording session = session();

    take(session, start(1, drv("top")));
    session.end(LogEntry.Ending.end());
    tape.awaitClosed();

    assertEquals(List.of(drv("left"), drv("right"), drv("bottom")), known());
    assertInstanceOf(LogEntry.Closed.class, tape.entries(session.session()).getLast());
  }

  @Test
  void whatIsKnownIsNotReadAgainAndWhatIsNotThereIsPassedOver() throws IOException {
    needs("one", "shared", "missing");
    needs("two", "shared", "more");
    needs("shared", "deep");
    needs("deep");
    needs("more");
    Recording first = session();
    take(first, start(1, drv("one")) + stop(1));
    first.end(LogEntry.Ending.end());
    tape.awaitClosed();
    Recording second = session();

    take(second, start(2, drv("two")) + stop(2));
    second.end(LogEntry.Ending.end());
    Tape.await(() -> tape.entries(LogEntry.Closed.class).size() == 2);

    assertEquals(List.of(drv("shared"), drv("deep"), drv("more")), known());
    assertEquals(
        first.session(),
        tape.entries(LogEntry.Observed.class).stream()
            .filter(entry -> entry.observation() instanceof Observation.DerivationKnown)
            .findFirst()
            .orElseThrow()
            .session());
  }

  @Test
  void aStopIsLookedAtBeforeAllThatABuildNeedsIsRead() throws IOException {
    String[] many = IntStream.range(0, 2_000).mapToObj(n -> "n" + n).toArray(String[]::new);
    needs("wide", many);
    for (String each : many) {
      needs(each);
    }
    Recording session = session();

    take(session, start(1, drv("wide")) + stop(1));
    Tape.await(() -> known().size() == many.length);

    int stop =
        observations().stream()
            .map(Observation::getClass)
            .toList()
            .indexOf(Observation.OutputsChecked.class);
    assertTrue(stop > 0 && stop < 100, "the stop comes as observation " + stop);
  }

  @Test
  void whatAClientIsAboutToHaveBuiltIsReadAndWhatItAskedForIsTold() throws IOException {
    needs("top", "left");
    needs("left", "bottom");
    needs("other", "bottom");
    needs("bottom");
    Recording session = session();

    take(session, plan("bottom") + plan("left") + plan("gone") + plan("other") + plan("top"));
    take(session, start(1, DRV));
    session.end(LogEntry.Ending.end());
    tape.awaitClosed();

    assertEquals(4, known().size());
    assertTrue(
        observations().contains(new Observation.Planned(List.of(drv("other"), drv("top")))),
        observations()::toString);
  }

  @Test
  void aPlanOfWhatIsKnownIsToldAllTheSame() throws IOException {
    needs("top", "bottom");
    needs("bottom");
    Recording first = session();
    take(first, start(1, drv("top")) + stop(1));
    Tape.await(() -> known().size() == 1);
    Recording second = session();

    take(second, plan("bottom") + plan("top") + start(2, drv("bottom")));
    second.end(LogEntry.Ending.end());
    tape.awaitClosed();

    assertEquals(List.of(drv("bottom")), known());
    assertTrue(observations().contains(new Observation.Planned(List.of(drv("top")))));
  }

  private static String plan(String name) {
    return "{\"action\":\"msg\",\"level\":3,\"msg\":\"  %s\"}\n".formatted(drv(name));
  }

  private static String drv(String name) {
    return "/nix/store/%s-%s.drv".formatted((name + "0".repeat(32)).substring(0, 32), name);
  }

  private void needs(String name, String... inputs) throws IOException {
    String needed =
        Stream.of(inputs)
            .map(input -> "(\"%s\",[\"out\"])".formatted(drv(input)))
            .collect(Collectors.joining(","));
    Files.writeString(at(drv(name)), TEXT.replace("],[],[],\"x86", "],[" + needed + "],[],\"x86"));
  }

  private List<String> known() {
    return observations().stream()
        .filter(Observation.DerivationKnown.class::isInstance)
        .map(each -> ((Observation.DerivationKnown) each).drvPath())
        .toList();
  }

  private Recording session() {
    Source.Process peer = new Source.Process(PEER, 0L, "root", List.of("nix"));
    Source source = new Source(Source.Kind.SOCKET, "boot1", "/s", true, peer, null);
    Recorder recorder = tape.recorder();
    return recorder
        .record(
            recorder.host().newSession(), source, recording -> new BuildWatch(recording, observer))
        .orElseThrow();
  }

  private static void take(Recording session, String lines) {
    session.take(ByteBuffer.wrap(lines.getBytes(UTF_8)));
  }

  private Observation onlyObservation(Recording session) {
    List<LogEntry.Observed> all =
        tape.entries(LogEntry.Observed.class).stream()
            .filter(entry -> entry.session().equals(session.session()))
            .toList();
    assertEquals(1, all.size());
    return all.getFirst().observation();
  }

  private List<Observation> observations() {
    return tape.entries(LogEntry.Observed.class).stream()
        .map(LogEntry.Observed::observation)
        .toList();
  }

  private Path at(String storePath) {
    return root.resolve(storePath.substring(1));
  }

  private void register(String storePath) throws IOException {
    Files.writeString(at(storePath), "built");
    Files.setLastModifiedTime(at(storePath), FileTime.from(Instant.ofEpochSecond(1)));
  }

  private static String start(long id, String drvPath) {
    return "{\"action\":\"start\",\"fields\":[\"%s\",\"\",1,1],\"id\":%d,\"level\":3,\"parent\":0,\"text\":\"building\",\"type\":105}\n"
        .formatted(drvPath, id);
  }

  private static String stop(long id) {
    return "{\"action\":\"stop\",\"id\":%d}\n".formatted(id);
  }
}
