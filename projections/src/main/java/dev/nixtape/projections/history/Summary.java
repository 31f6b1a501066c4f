package dev.nixtape.projections.history;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Stats.Totals;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import org.apache.datasketches.kll.KllFloatsSketch;
import org.apache.datasketches.quantilescommon.QuantileSearchCriteria;
import org.jspecify.annotations.Nullable;

/// What finished activities of one kind come to; two of them make one, in any order.
///
/// Quantiles are those of a KLL sketch (Karnin, Lang, Liberty 2016; k = 200): exact for up to 200
/// times, beyond that the quantile of a rank that is off by at most 1.33 % of all times, in 99 of
/// 100 cases.
public final class Summary {
  private long count;
  private final long[] outcomes = new long[Sample.OUTCOMES.size()];
  private long durationMs;
  private long measured;
  private long cpuMs;
  private long unmeasuredMs;
  private long failedMs;
  private long bytes;
  private long logLines;
  private long timed;
  private long timedMs;
  private long maxMs;
  private long lastAt;
  private @Nullable KllFloatsSketch times;

  /// Adds one that finished.
  public void add(Kind kind, Sample sample) {
    count++;
    outcomes[Sample.OUTCOMES.indexOf(sample.outcome())]++;
    durationMs += sample.durationMs();
    unmeasuredMs += sample.durationMs();
    failedMs += sample.outcome() == Outcome.FAILED ? sample.durationMs() : 0;
    if (sample.cpuMs() != null) {
      measured(sample);
    }
    bytes += sample.bytes();
    logLines += sample.logLines();
    lastAt = Math.max(lastAt, sample.at());
    if (sample.isTimed(kind)) {
      timed++;
      timedMs += sample.durationMs();
      maxMs = Math.max(maxMs, sample.durationMs());
      sketch().update((float) sample.durationMs());
    }
  }

  /// One that was added is known to have taken so much processor time: that is what it costs, not
  /// how long it took.
  void measured(Sample sample) {
    long cpu = Objects.requireNonNull(sample.cpuMs());
    measured++;
    cpuMs += cpu;
    unmeasuredMs -= sample.durationMs();
    failedMs += sample.outcome() == Outcome.FAILED ? cpu - sample.durationMs() : 0;
  }

  public void add(Summary that) {
    count += that.count;
    for (int i = 0; i < outcomes.length; i++) {
      outcomes[i] += that.outcomes[i];
    }
    durationMs += that.durationMs;
    measured += that.measured;
    cpuMs += that.cpuMs;
    unmeasuredMs += that.unmeasuredMs;
    failedMs += that.failedMs;
    bytes += that.bytes;
    logLines += that.logLines;
    timed += that.timed;
    timedMs += that.timedMs;
    maxMs = Math.max(maxMs, that.maxMs);
    lastAt = Math.max(lastAt, that.lastAt);
    if (that.times != null) {
      sketch().merge(that.times);
    }
  }

  private KllFloatsSketch sketch() {
    KllFloatsSketch known = times;
    if (known == null) {
      known = KllFloatsSketch.newHeapInstance();
      times = known;
    }
    return known;
  }

  public Totals totals(Kind kind) {
    return new Totals(
        kind,
        count,
        of(Outcome.SUCCEEDED),
        of(Outcome.FAILED),
        of(Outcome.INTERRUPTED),
        of(Outcome.CACHED),
        of(Outcome.UNKNOWN),
        durationMs,
        measured,
        cpuMs,
        bytes,
        logLines,
        timed,
        timed == 0 ? null : timedMs / timed,
        quantile(0.5),
        quantile(0.95),
        timed == 0 ? null : maxMs,
        Instant.ofEpochMilli(lastAt));
  }

  /// The time of those whose processor time nobody measured.
  public long unmeasuredMs() {
    return unmeasuredMs;
  }

  /// Of those that failed: processor time where it was measured, else how long they took.
  public long failedMs() {
    return failedMs;
  }

  private long of(Outcome outcome) {
    return outcomes[Sample.OUTCOMES.indexOf(outcome)];
  }

  private @Nullable Long quantile(double rank) {
    KllFloatsSketch known = times;
    return known == null ? null : (long) known.getQuantile(rank, QuantileSearchCriteria.INCLUSIVE);
  }

  @JsonValue
  public byte[] toBytes() {
    Packed.Writer out = new Packed.Writer(48).number(count);
    for (long outcome : outcomes) {
      out.number(outcome);
    }
    out.number(durationMs)
        .number(measured)
        .number(cpuMs)
        .number(unmeasuredMs)
        .number(failedMs)
        .number(bytes)
        .number(logLines)
        .number(timed)
        .number(timedMs);
    byte[] numbers = out.number(maxMs).number(lastAt).toArray();
    KllFloatsSketch known = times;
    if (known == null) {
      return numbers;
    }
    byte[] sketch = known.toByteArray();
    byte[] all = Arrays.copyOf(numbers, numbers.length + sketch.length);
    System.arraycopy(sketch, 0, all, numbers.length, sketch.length);
    return all;
  }

  @JsonCreator
  public static Summary of(byte[] written) {
    Packed.Reader in = new Packed.Reader(written);
    Summary summary = new Summary();
    summary.count = in.number();
    for (int i = 0; i < summary.outcomes.length; i++) {
      summary.outcomes[i] = in.number();
    }
    summary.durationMs = in.number();
    summary.measured = in.number();
    summary.cpuMs = in.number();
    summary.unmeasuredMs = in.number();
    summary.failedMs = in.number();
    summary.bytes = in.number();
    summary.logLines = in.number();
    summary.timed = in.number();
    summary.timedMs = in.number();
    summary.maxMs = in.number();
    summary.lastAt = in.number();
    if (in.hasMore()) {
      summary.times =
          KllFloatsSketch.heapify(
              MemorySegment.ofArray(Arrays.copyOfRange(written, in.at(), written.length)));
    }
    return summary;
  }
}
