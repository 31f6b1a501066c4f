package dev.nixtape.ingest.spool;

import dev.nixtape.projections.tape.EntryRecord;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.Topic;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/// Publishes spools to `nixtape.log`: one thread takes the sessions that have something to say in
/// turn, a quarter of a megabyte each, so that none waits for another's flood.
///
/// Within a session the log's order is the stream's. Kafka's idempotent producer, with one request
/// at a time, keeps it across retries; when Kafka refuses a record for good, everything behind it
/// is taken back and published again, from where Kafka had acknowledged everything.
public final class Publisher implements AutoCloseable {
  /// Bytes of one session's turn.
  private static final int TURN_BYTES = 256 * 1024;

  /// Bytes that may be on their way to Kafka: how much of others' a line can have before it.
  private static final long WINDOW_BYTES = 8L * 1024 * 1024;

  /// Bytes of torn lines that may wait for their ends, of all sessions together.
  private static final long TORN_BYTES = 8L * 1024 * 1024;

  /// A record's size below which Kafka's limit is not looked for any more.
  private static final int MIN_CHUNK_BYTES = 1024;

  /// A Kafka that acknowledges nothing for so long has a problem.
  private static final long SILENCE_NANOS = 3_000_000_000L;

  /// Segments that stay open between two turns.
  private static final int MAX_FILES = 64;

  /// Kafka may be starting too.
  private static final long STARTING_NANOS = 10_000_000_000L;

  private static final long REFUSAL_LASTS_NANOS = 10_000_000_000L;

  /// After the first line, which nothing holds up, others gather for so long: every record costs
  /// Kafka and the projections something, whatever its size.
  private static final long NAP_NANOS = 10_000_000L;

  private static final long TEND_NANOS = 1_000_000_000L;
  private static final Duration RETRY = Duration.ofMillis(100);
  private static final Duration MAX_PAUSE = Duration.ofSeconds(10);

  private final KafkaLog log;
  private final String address;
  private final PublishMeters meters;
  private final Consumer<String> say;
  private final List<Spool> spools = new CopyOnWriteArrayList<>();
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();

  /// A session is ready, Kafka acknowledged something, or the end is near.
  private final Condition moved = lock.newCondition();

  // Guarded by the lock:
  private final Deque<SpoolSession> ready = new ArrayDeque<>();
  private final Set<SpoolSession> refused = new LinkedHashSet<>();
  private long onTheWay;
  private long records;
  private volatile long acknowledgedAt;
  private final LongAdder acknowledgements = new LongAdder();
  private @Nullable Exception refusal;
  private boolean chunkRefused;
  private volatile boolean closed;

  // The thread's own:
  private final Set<SpoolSession> torn = new LinkedHashSet<>();
  private final Set<SessionReader> reading = new HashSet<>();
  private SessionReader.Desk desk = new SessionReader.Desk(Topic.CHUNK_BYTES);
  private int chunkBytes = Topic.CHUNK_BYTES;
  private Duration pause = RETRY;

  /// The problem that was said last; "" when Kafka took something since.
  private volatile String told = "";

  private long refusedAt = System.nanoTime() - REFUSAL_LASTS_NANOS;
  private final long startedAt = System.nanoTime();

  /// Of an observation at most; Kafka may take less than this program expects.
  private volatile int observedBytes = Integer.MAX_VALUE;

  /// Why Kafka takes nothing; null when it does.
  private volatile @Nullable String problem;

  private volatile boolean knowsLog;
  private volatile boolean looking;

  /// @param producers makes a producer, and another when that one cannot go on
  Publisher(
      Supplier<Producer<byte[], byte[]>> producers,
      String address,
      PublishMeters meters,
      Consumer<String> say) {
    this.log = new KafkaLog(producers, address, meters);
    this.address = address;
    this.meters = meters;
    this.say = say;
    this.thread = Thread.ofPlatform().daemon().name("nixtape-publish").start(this::run);
  }

  /// Publishes a spool too, what is in it already first.
  public void add(Spool spool) {
    spools.add(spool);
    spool.publishWith(this::ready);
  }

  public void remove(Spool spool) {
    spools.remove(spool);
  }

  private void ready(SpoolSession session) {
    lock.lock();
    try {
      ready.addLast(session);
      moved.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Whether Kafka has the log; what is wrong meanwhile is the problem.
  public boolean knowsLog() {
    return knowsLog;
  }

  /// How many records Kafka acknowledged.
  public long acknowledgements() {
    return acknowledgements.sum();
  }

  /// Has the log looked for now.
  public void lookForLog() {
    looking = true;
    lock.lock();
    try {
      moved.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits so long, or until this is closed.
  public void awaitEnd(Duration atMost) throws InterruptedException {
    long until = System.nanoTime() + atMost.toNanos();
    lock.lock();
    try {
      for (long left = until - System.nanoTime();
          left > 0 && !closed;
          left = until - System.nanoTime()) {
        moved.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Why Kafka takes nothing, in words; null when it does.
  public @Nullable String problem() {
    return problem;
  }

  /// Waits for something to move, no longer than that.
  @SuppressWarnings("WaitNotInLoop") // the caller's
  public void awaitMove(Duration atMost) throws InterruptedException {
    lock.lock();
    try {
      long _ = moved.awaitNanos(atMost.toNanos());
    } finally {
      lock.unlock();
    }
  }

  /// Stops; what is not acknowledged by then stays in the spools.
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      moved.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    try {
      thread.join();
    } catch (InterruptedException _) {
      interrupted = true;
    }
    log.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    // Reading is what builds wait for; publishing can wait for builds.
    Niceness.behindBuilds();
    long tended = System.nanoTime();
    boolean busy = false;
    while (!closed) {
      try {
        if (busy && isNothingReady()) {
          LockSupport.parkNanos(NAP_NANOS);
        }
        SpoolSession session = next(tended + TEND_NANOS);
        long now = System.nanoTime();
        if (now - tended > TEND_NANOS) {
          tended = now;
          tend(now);
        }
        if (mustStartOver()) {
          startOver();
        }
        if (looking) {
          looking = !findLog();
        }
        busy = session != null;
        if (session != null) {
          publish(session);
        }
      } catch (InterruptedException _) {
        return;
      } catch (IOException | RuntimeException e) {
        say.accept("publishing failed and is tried again: " + e);
        pauseAfterFailure();
      }
    }
  }

  private void pauseAfterFailure() {
    try {
      awaitMove(RETRY);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isNothingReady() {
    lock.lock();
    try {
      return ready.isEmpty() && refused.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /// The session whose turn it is; null when it is time to look after other things.
  private @Nullable SpoolSession next(long until) throws InterruptedException {
    long deadline = looking ? Math.min(until, System.nanoTime() + RETRY.toNanos() / 4) : until;
    lock.lock();
    try {
      while (ready.isEmpty() && !closed && refused.isEmpty()) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return null;
        }
        moved.awaitNanos(left);
      }
      return ready.pollFirst();
    } finally {
      lock.unlock();
    }
  }

  private void publish(SpoolSession session) throws IOException, InterruptedException {
    session.queued.set(false);
    boolean more = false;
    try {
      more = session.reader.read(desk, TURN_BYTES, (entry, after) -> send(session, entry, after));
      if (reading.add(session.reader) && reading.size() > MAX_FILES) {
        closeFiles();
      }
      if (session.reader.hasTorn()) {
        torn.add(session);
        giveTornBeyond(TORN_BYTES);
      }
    } catch (Closing _) {
      more = true;
    } catch (NoSuchFileException e) {
      say.accept("a segment of the spool is gone: " + e.getMessage());
    }
    if (more && session.queued.compareAndSet(false, true)) {
      ready(session);
    }
  }

  private void closeFiles() {
    reading.forEach(SessionReader::close);
    reading.clear();
  }

  private void giveTornBeyond(long limit) {
    long bytes = 0;
    for (SpoolSession session : torn) {
      bytes += session.reader.tornBytes();
    }
    if (bytes > limit) {
      torn.forEach(
          session -> session.reader.giveTorn((entry, after) -> send(session, entry, after)));
      torn.clear();
    }
  }

  /// What goes on while Kafka takes nothing.
  private void whileWaiting() {
    spools.forEach(Spool::tend);
    if (problem == null && isSilent()) {
      problem(
          "Kafka at %s has acknowledged nothing for %d s"
              .formatted(address, SILENCE_NANOS / 1_000_000_000L));
    }
  }

  private boolean isSilent() {
    lock.lock();
    try {
      return records > 0 && System.nanoTime() - acknowledgedAt > SILENCE_NANOS;
    } finally {
      lock.unlock();
    }
  }

  private void tend(long now) {
    whileWaiting();
    closeFiles();
    for (SpoolSession session : List.copyOf(torn)) {
      session.reader.giveOldTorn((entry, after) -> send(session, entry, after), now);
      if (!session.reader.hasTorn()) {
        torn.remove(session);
      }
    }
  }

  /// The publisher is closing: what was read and not sent stays in the spool.
  private static final class Closing extends RuntimeException {
    private static final long serialVersionUID = 1;

    Closing() {
      super("closing", null, false, false);
    }
  }

  /// Hands an entry to the producer, when Kafka has room for it.
  private void send(SpoolSession session, LogEntry entry, Place after) {
    if (session.reader.hasFailed()) {
      return;
    }
    EntryRecord form = EntryRecord.of(entry);
    int size = form.size();
    if (entry instanceof LogEntry.Observed observed && size > observedBytes) {
      form = EntryRecord.of(tooLarge(observed));
    }
    Acknowledgement acknowledgement = new Acknowledgement(session, entry, after, size);
    try {
      awaitRoom(size);
      while (!offer(form, acknowledgement)) {
        awaitRetry(RETRY);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new Closing();
    }
  }

  private LogEntry tooLarge(LogEntry.Observed observed) {
    return new LogEntry.Observed(
        observed.session(),
        observed.at(),
        observed.offset(),
        switch (observed.observation()) {
          // Nothing hangs on it but what its text says.
          case Observation.DerivationKnown known ->
              new Observation.DerivationKnown(known.activity(), known.drvPath(), "");
          case Observation.DerivationRead read -> tooLarge(read.activity(), read.drvPath());
          case Observation.OutputsChecked checked ->
              tooLarge(checked.activity(), checked.drvPath());
          case Observation.Planned _ -> new Observation.Planned(List.of());
          case Observation.Unreadable unreadable -> unreadable;
        });
  }

  private static Observation tooLarge(long activity, String drvPath) {
    return new Observation.Unreadable(activity, drvPath, "read, but it is larger than Kafka takes");
  }

  private void awaitRoom(int size) throws InterruptedException {
    while (!hasRoom(size)) {
      awaitRetry(Duration.ofNanos(TEND_NANOS));
    }
  }

  /// Takes the room for a record, when it is there.
  private boolean hasRoom(int size) {
    lock.lock();
    try {
      if (onTheWay > 0 && onTheWay + size > WINDOW_BYTES && refused.isEmpty()) {
        return false;
      }
      if (records == 0) {
        acknowledgedAt = System.nanoTime();
      }
      onTheWay += size;
      records++;
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void awaitRetry(Duration atMost) throws InterruptedException {
    if (closed) {
      throw new Closing();
    }
    whileWaiting();
    awaitMove(atMost);
  }

  /// Returns whether the producer took it, or refused it for good.
  private boolean offer(EntryRecord form, Acknowledgement acknowledgement) {
    if (mustStartOver()) {
      acknowledgement.settle(false);
      return true;
    }
    if (!findLog()) {
      return false;
    }
    acknowledgement.sending = true;
    try {
      log.send(form, acknowledgement);
    } catch (KafkaException | IllegalStateException e) {
      acknowledgement.refusal = e;
    }
    acknowledgement.sending = false;
    Exception refusal = acknowledgement.refusal;
    acknowledgement.refusal = null;
    if (refusal == null) {
      return true;
    }
    // A closed producer throws an IllegalStateException.
    if (refusal instanceof RecordTooLargeException || refusal instanceof IllegalStateException) {
      acknowledgement.onCompletion(null, refusal);
      return true;
    }
    problem(refusal);
    return false;
  }

  /// Opens a publisher without waiting for Kafka.
  ///
  /// @param bootstrapServers `HOST:PORT`, several with commas
  /// @param client Kafka client settings of the user's (SASL, TLS, tuning); they win over this
  ///   class's choices, except for those that its promises rest on
  /// @param say where to say in a sentence that Kafka is away, or back
  public static Publisher open(
      String bootstrapServers,
      Map<String, String> client,
      PublishMeters meters,
      Consumer<String> say) {
    return new Publisher(
        () ->
            new KafkaProducer<>(
                ProducerSettings.of(bootstrapServers, client),
                new ByteArraySerializer(),
                new ByteArraySerializer()),
        bootstrapServers,
        meters,
        say);
  }

  private boolean findLog() {
    try {
      if (log.find()) {
        knowsLog = true;
        works();
      }
      return true;
    } catch (KafkaException | IllegalStateException e) {
      problem(e);
      return false;
    }
  }

  private void problem(Exception refusal) {
    long now = System.nanoTime();
    if (!(refusal instanceof TimeoutException)) {
      refusedAt = now;
    } else if (problem != null && now - refusedAt < REFUSAL_LASTS_NANOS) {
      // Kafka says only now and then why it does not answer.
      return;
    }
    problem(log.words(refusal));
  }

  private void problem(String words) {
    problem = words;
    boolean starting = !knowsLog && System.nanoTime() - startedAt < STARTING_NANOS;
    if (!starting && !words.equals(told)) {
      told = words;
      say.accept(
          "the log takes nothing (%s): what is recorded waits in the spool".formatted(problem));
    }
  }

  private void works() {
    problem = null;
    pause = RETRY;
    if (!told.isEmpty()) {
      told = "";
      say.accept("the log takes records again");
    }
  }

  private boolean mustStartOver() {
    lock.lock();
    try {
      return !refused.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /// Something was refused for good: a new producer goes on from where all was acknowledged.
  private void startOver() throws InterruptedException {
    log.close();
    List<SpoolSession> again;
    Exception why;
    boolean tooLargeChunk;
    lock.lock();
    try {
      while (records > 0 && !closed) {
        moved.awaitNanos(RETRY.toNanos());
      }
      again = new ArrayList<>(refused);
      refused.clear();
      why = refusal;
      refusal = null;
      tooLargeChunk = chunkRefused;
      chunkRefused = false;
    } finally {
      lock.unlock();
    }
    if (tooLargeChunk && chunkBytes > MIN_CHUNK_BYTES) {
      chunkBytes /= 2;
      desk = new SessionReader.Desk(chunkBytes);
      say.accept(
          "Kafka at %s takes smaller records only: it goes on in pieces of at most %,d bytes"
              .formatted(address, chunkBytes));
    } else if (why != null && !(why instanceof RecordTooLargeException)) {
      problem(why);
      awaitPause();
    }
    // A session that was not refused itself may have lost what was on its way.
    for (SpoolSession session : again) {
      session.reader.rewind();
      torn.remove(session);
      if (session.queued.compareAndSet(false, true)) {
        ready(session);
      }
    }
    log.startOver();
  }

  private void awaitPause() throws InterruptedException {
    Duration now = pause;
    pause = pause.multipliedBy(2).compareTo(MAX_PAUSE) < 0 ? pause.multipliedBy(2) : MAX_PAUSE;
    awaitEnd(now);
  }

  /// Kafka's answer to one record: within `send` when the producer has no room, later and on
  /// Kafka's thread otherwise.
  private final class Acknowledgement implements Callback {
    private final SpoolSession session;
    private final LogEntry entry;
    private final Place after;
    private final int size;
    private volatile boolean sending;
    private volatile @Nullable Exception refusal;

    Acknowledgement(SpoolSession session, LogEntry entry, Place after, int size) {
      this.session = session;
      this.entry = entry;
      this.after = after;
      this.size = size;
    }

    @Override
    public void onCompletion(@Nullable RecordMetadata metadata, @Nullable Exception failure) {
      if (failure == null) {
        acknowledged();
      } else if (sending && Thread.currentThread().equals(thread)) {
        refusal = failure;
      } else {
        refused(failure);
      }
    }

    private void acknowledged() {
      acknowledgedAt = System.nanoTime();
      acknowledgements.increment();
      if (!session.reader.hasFailed()) {
        session.reader.published(after, entry.at().toEpochMilli());
        session.published(after);
        if (SpoolSession.isLast(entry)) {
          session.finished();
        }
        meters.published(entry);
      }
      if (problem != null) {
        works();
      }
      settle(true);
    }

    private void refused(Exception failure) {
      if (failure instanceof RecordTooLargeException
          && entry instanceof LogEntry.Observed observed) {
        observedBytes = Math.min(observedBytes, EntryRecord.of(observed).size() - 1);
      }
      session.reader.failed();
      lock.lock();
      try {
        chunkRefused |=
            failure instanceof RecordTooLargeException && entry instanceof LogEntry.Lines;
        if (Publisher.this.refusal == null) {
          Publisher.this.refusal = failure;
        }
        refused.add(session);
      } finally {
        lock.unlock();
      }
      if (!closed && !Thread.currentThread().equals(thread)) {
        // On Kafka's thread, before it sends anything more: nothing may overtake what was refused.
        log.close();
      }
      settle(false);
    }

    private void settle(boolean taken) {
      lock.lock();
      try {
        onTheWay -= size;
        records--;
        if (!taken) {
          session.reader.failed();
          refused.add(session);
        }
        moved.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
