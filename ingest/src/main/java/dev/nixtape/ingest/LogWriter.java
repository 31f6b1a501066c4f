package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.tape.EntryRecord;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Topic;
import java.io.IOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/// Publishes entries to `nixtape.log`: at once when Kafka has room for them, else as patiently as
/// the caller asks.
///
/// What Kafka does not take is not lost silently: a chunk's bytes become a gap, every other entry
/// waits, both in their session's order, until Kafka takes records again. All methods may be called
/// from any thread.
public final class LogWriter implements AutoCloseable {
  /// How long to wait before Kafka is tried again although it acknowledged nothing.
  private static final Duration RETRY = Duration.ofMillis(100);

  /// Characters of .drv text that may wait for Kafka; observations beyond say only that they could
  /// not be published.
  private static final long WAITING_TEXT = 8L * 1024 * 1024;

  private final Producer<byte[], byte[]> producer;
  private final String address;
  private final Consumer<String> say;

  private final ReentrantLock lock = new ReentrantLock();

  /// Kafka took or acknowledged something, or a backlog changed.
  private final Condition moved = lock.newCondition();

  private final Map<SessionId, Backlog> backlogs = new LinkedHashMap<>();
  private final Map<String, Integer> partitions = new LinkedHashMap<>();

  /// Records that the producer took.
  private final AtomicLong taken = new AtomicLong();

  /// Those of them that Kafka acknowledged or gave up.
  private final AtomicLong settled = new AtomicLong();

  private int partitionCount;
  private long waitingText;
  private long missing;
  private String why = "";
  private boolean sending;
  private @Nullable Exception refusal;
  private boolean told;
  private volatile boolean closed;

  /// When Kafka refused for the first time since it last acknowledged anything (`System.nanoTime`);
  /// 0: it takes records.
  private volatile long stalledSince;

  /// Whether to try at all: not again before Kafka moved or some time passed, so that an outage
  /// leaves one gap, not thousands.
  private boolean full;

  LogWriter(Producer<byte[], byte[]> producer, String address, Consumer<String> say) {
    this.producer = producer;
    this.address = address;
    this.say = say;
    Thread.ofPlatform().daemon().name("nixtape-backlog").start(this::publishBacklogs);
  }

  /// Opens a writer without waiting for Kafka.
  ///
  /// @param bootstrapServers `HOST:PORT`, several with commas
  /// @param client Kafka client settings of the user's (SASL, TLS, tuning); they win over this
  ///   class's choices, except for those that its promises rest on
  /// @param say where to say in a sentence that Kafka is away, or back
  public static LogWriter open(
      String bootstrapServers, Map<String, String> client, Consumer<String> say) {
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            LogWriterConfig.of(bootstrapServers, client),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    return new LogWriter(producer, bootstrapServers, say);
  }

  /// Waits until Kafka answers and has the log. Throws an exception that says what to do when it
  /// does not.
  public void requireLog(Duration atMost) throws IOException {
    long deadline = System.nanoTime() + atMost.toNanos();
    lock.lock();
    try {
      while (!findLog()) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new IOException(
              refusal instanceof TimeoutException noLog && noLog.getCause() != null
                  ? "Kafka at %s has no topic %s: start nixtape streams first, or nixtape up"
                      .formatted(address, Topic.LOG.name())
                  : "cannot reach Kafka at %s within %d s: is nixtape up?"
                      .formatted(address, atMost.toSeconds()));
        }
        if (refusal != null && !(refusal instanceof TimeoutException)) {
          throw new IOException(
              "Kafka at %s refuses: %s".formatted(address, words(refusal)), refusal);
        }
        moved.awaitNanos(Math.min(left, RETRY.toNanos() / 4));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while connecting to Kafka at " + address, e);
    } finally {
      lock.unlock();
    }
  }

  /// Publishes an entry, behind everything that its session published before. Waits for room for a
  /// chunk only, and only as long as the patience allows: every other entry is kept until there is
  /// room. Does not throw for what Kafka does: `delivery` tells.
  public void write(LogEntry entry, Patience patience) {
    lock.lock();
    try {
      while (full || !publishBacklog(entry.session()) || !offer(entry)) {
        if (!(entry instanceof LogEntry.Lines) || !awaitRoom(patience)) {
          keep(entry);
          return;
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /// Waits until Kafka has acknowledged everything that was written before; false when it
  /// acknowledged nothing at all for that long.
  public boolean awaitAcknowledged(Duration stall) {
    lock.lock();
    try {
      long goal = taken.get();
      boolean behind = !backlogs.isEmpty();
      long seen = settled.get();
      long deadline = System.nanoTime() + stall.toNanos();
      while (behind || settled.get() < goal) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        moved.awaitNanos(Math.min(left, RETRY.toNanos()));
        goal = behind ? taken.get() : goal;
        behind = !backlogs.isEmpty();
        if (settled.get() > seen) {
          seen = settled.get();
          deadline = System.nanoTime() + stall.toNanos();
        }
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /// What became of the entries so far.
  public Delivery delivery() {
    lock.lock();
    try {
      long kept = backlogs.values().stream().mapToLong(Backlog::size).sum();
      return new Delivery(taken.get() - settled.get() + kept, missing, why);
    } finally {
      lock.unlock();
    }
  }

  /// Waits like `awaitAcknowledged`, then lets go of Kafka; what is not acknowledged by then may or
  /// may not be in the log.
  public Delivery close(Duration stall) {
    if (!closed) {
      awaitAcknowledged(stall);
    }
    Delivery delivery = delivery();
    lock.lock();
    try {
      closed = true;
      moved.signalAll();
    } finally {
      lock.unlock();
    }
    producer.close(Duration.ZERO);
    return delivery;
  }

  @Override
  public void close() {
    close(Duration.ofSeconds(5));
  }

  @SuppressWarnings("WaitNotInLoop") // the caller's
  private boolean awaitRoom(Patience patience) {
    long left = stalledSince + patience.stall().toNanos() - System.nanoTime();
    if (left <= 0 || closed) {
      return false;
    }
    try {
      if (moved.awaitNanos(Math.min(left, RETRY.toNanos())) <= 0) {
        full = false;
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void keep(LogEntry entry) {
    Backlog backlog = backlogs.computeIfAbsent(entry.session(), _ -> new Backlog());
    switch (entry) {
      case LogEntry.Lines lines -> {
        missing += lines.bytes().length();
        backlog.addMissing(lines, why);
      }
      case LogEntry.Observed observed when text(observed) > 0 -> {
        if (waitingText + text(observed) > WAITING_TEXT) {
          backlog.add(tooMuch(observed));
        } else {
          waitingText += text(observed);
          backlog.add(observed);
        }
      }
      default -> backlog.add(entry);
    }
    if (!told) {
      told = true;
      say.accept("the log takes nothing (%s): what it misses will be noted in it".formatted(why));
    }
    moved.signalAll();
  }

  private static int text(LogEntry entry) {
    return entry instanceof LogEntry.Observed observed
            && observed.observation() instanceof Observation.DerivationRead read
        ? read.text().length()
        : 0;
  }

  private LogEntry tooMuch(LogEntry.Observed observed) {
    Observation what = observed.observation();
    String drvPath = what instanceof Observation.DerivationRead read ? read.drvPath() : "";
    return new LogEntry.Observed(
        observed.session(),
        observed.at(),
        observed.offset(),
        new Observation.Unreadable(
            what.activity(), drvPath, "read, but it could not be published: " + why));
  }

  /// Publishes a session's backlog; false when some of it is left.
  private boolean publishBacklog(SessionId session) {
    Backlog backlog = backlogs.get(session);
    if (backlog == null) {
      return true;
    }
    boolean all = publish(backlog);
    if (all) {
      backlogs.remove(session);
      tellWhenCaughtUp();
    }
    return all;
  }

  private void tellWhenCaughtUp() {
    if (told && backlogs.isEmpty()) {
      told = false;
      say.accept("the log takes records again");
      moved.signalAll();
    }
  }

  private boolean publish(Backlog backlog) {
    for (LogEntry first = backlog.first(); first != null; first = backlog.first()) {
      if (!offer(first)) {
        return false;
      }
      waitingText -= text(first);
      backlog.removeFirst();
    }
    return true;
  }

  /// The thread that brings sessions up to date which have nothing more to say themselves.
  private void publishBacklogs() {
    lock.lock();
    try {
      while (!closed) {
        if (backlogs.isEmpty()) {
          moved.awaitUninterruptibly();
          continue;
        }
        if (moved.awaitNanos(RETRY.toNanos()) <= 0) {
          full = false;
        }
        Iterator<Backlog> each = backlogs.values().iterator();
        while (!full && each.hasNext() && publish(each.next())) {
          each.remove();
        }
        tellWhenCaughtUp();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /// Hands an entry to the producer; false when it has no room now.
  private boolean offer(LogEntry entry) {
    if (!findLog()) {
      return refused();
    }
    Acknowledgement acknowledgement = new Acknowledgement(entry);
    refusal = null;
    taken.incrementAndGet();
    sending = true;
    try {
      Future<RecordMetadata> _ = producer.send(recordOf(entry), acknowledgement);
    } catch (KafkaException | IllegalStateException e) {
      refusal = e;
    } finally {
      sending = false;
    }
    if (refusal == null) {
      return true;
    }
    taken.decrementAndGet();
    if (refusal instanceof RecordTooLargeException) {
      neverTaken(entry, refusal);
      return true;
    }
    return refused();
  }

  private boolean refused() {
    stall(refusal);
    return false;
  }

  private void stall(@Nullable Exception because) {
    why = words(because);
    full = true;
    if (stalledSince == 0) {
      stalledSince = System.nanoTime() | 1;
    }
  }

  private void neverTaken(LogEntry entry, Exception because) {
    why = words(because);
    switch (entry) {
      case LogEntry.Lines _ -> keep(entry);
      case LogEntry.Observed observed when text(observed) > 0 -> keep(tooMuch(observed));
      default ->
          say.accept("Kafka never takes an entry of session " + entry.session() + ": " + why);
    }
  }

  private String words(@Nullable Exception refusal) {
    return switch (refusal) {
      case BufferExhaustedException _ ->
          "Kafka at " + address + " did not keep up and the buffer was full";
      case TimeoutException _ -> "Kafka at " + address + " was out of reach";
      case null -> "Kafka at " + address + " was out of reach";
      default -> {
        String message = refusal.getMessage();
        yield message == null ? refusal.getClass().getSimpleName() : message;
      }
    };
  }

  private boolean findLog() {
    if (partitionCount == 0) {
      try {
        partitionCount = producer.partitionsFor(Topic.LOG.name()).size();
      } catch (KafkaException | IllegalStateException e) {
        refusal = e;
      }
    }
    return partitionCount > 0;
  }

  private ProducerRecord<byte[], byte[]> recordOf(LogEntry entry) {
    EntryRecord entryRecord = EntryRecord.of(entry);
    ProducerRecord<byte[], byte[]> kafka =
        new ProducerRecord<>(
            Topic.LOG.name(),
            partition(entry.session().host()),
            entryRecord.timestamp(),
            entryRecord.key().getBytes(UTF_8),
            bytes(entryRecord.value()),
            List.of());
    kafka.headers().add(EntryRecord.OFFSET, bytes(entryRecord.offset()));
    String kind = entryRecord.kind();
    if (kind != null) {
      kafka.headers().add(EntryRecord.KIND, kind.getBytes(UTF_8));
    }
    ByteSlice json = entryRecord.entry();
    if (json != null) {
      kafka.headers().add(EntryRecord.ENTRY, bytes(json));
    }
    return kafka;
  }

  /// By host, as Kafka's own partitioner would place that key, so that any client can find a host's
  /// partition.
  private int partition(String host) {
    return partitions.computeIfAbsent(
        host, name -> Utils.toPositive(Utils.murmur2(name.getBytes(UTF_8))) % partitionCount);
  }

  private static byte[] bytes(ByteSlice slice) {
    return slice.length() == slice.array().length ? slice.array() : slice.toArray();
  }

  private void acknowledged() {
    if (settled.incrementAndGet() >= taken.get() || stalledSince != 0) {
      lock.lock();
      try {
        stalledSince = 0;
        full = false;
        moved.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  private void failed(LogEntry entry, Exception because) {
    lock.lock();
    try {
      settled.incrementAndGet();
      if (!closed) {
        stall(because);
        keep(entry);
      }
      moved.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Kafka's answer to one record: within `send` when it has no room, later and on Kafka's thread
  /// otherwise.
  private final class Acknowledgement implements Callback {
    private final LogEntry entry;

    Acknowledgement(LogEntry entry) {
      this.entry = entry;
    }

    @Override
    public void onCompletion(@Nullable RecordMetadata metadata, @Nullable Exception failure) {
      if (failure == null) {
        acknowledged();
      } else if (lock.isHeldByCurrentThread() && sending) {
        refusal = failure;
      } else {
        failed(entry, failure);
      }
    }
  }
}
