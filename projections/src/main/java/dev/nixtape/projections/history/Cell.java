package dev.nixtape.projections.history;

import dev.nixtape.projections.history.Sample.Phase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The samples of one package in one month, packed, in the order in which they came: what is added
/// is appended.
final class Cell {
  /// Numbers between a sample's time and how many phases it has.
  private static final int BEFORE_PHASES = 10;

  private final Words words;

  Cell(Words words) {
    this.words = words;
  }

  /// @param monthBegins in milliseconds since 1970
  byte[] plus(byte[] cell, long monthBegins, Sample sample) {
    return packed(monthBegins, sample).after(cell);
  }

  /// Puts a sample in the place of another.
  byte[] with(byte[] cell, long monthBegins, Sample before, Sample now) {
    byte[] old = packed(monthBegins, before).toArray();
    Packed.Reader in = new Packed.Reader(cell);
    while (in.hasMore()) {
      int from = in.at();
      in.skip(1 + BEFORE_PHASES);
      in.skip(2 * (int) in.number());
      if (Arrays.equals(cell, from, in.at(), old, 0, old.length)) {
        byte[] rest = Arrays.copyOfRange(cell, in.at(), cell.length);
        return Packed.concat(packed(monthBegins, now).after(Arrays.copyOf(cell, from)), rest);
      }
    }
    throw new IllegalArgumentException("no such sample: " + before);
  }

  private Packed.Writer packed(long monthBegins, Sample sample) {
    Packed.Writer out =
        new Packed.Writer(40)
            .number(sample.at() - monthBegins)
            .number(sample.durationMs())
            .number(Sample.OUTCOMES.indexOf(sample.outcome()))
            .number(words.number(sample.name()))
            .number(words.number(sample.system()))
            .number(words.number(sample.host()))
            .number(words.number(sample.user()))
            .number(words.number(sample.machine()))
            .number(sample.logLines())
            .number(sample.bytes())
            .number(sample.cpuMs() == null ? 0 : 1 + sample.cpuMs())
            .number(sample.phases().size());
    for (Phase phase : sample.phases()) {
      out.number(words.number(phase.name())).number(phase.durationMs());
    }
    return out;
  }

  /// The samples from `from` on and before `to`, in milliseconds since 1970. A month is often read
  /// for a week of it, so the others are passed over.
  void read(byte[] cell, long monthBegins, long from, long to, Consumer<Sample> samples) {
    Packed.Reader in = new Packed.Reader(cell);
    while (in.hasMore()) {
      long at = monthBegins + in.number();
      if (at >= from && at < to) {
        samples.accept(sample(at, in));
      } else {
        in.skip(BEFORE_PHASES);
        in.skip(2 * (int) in.number());
      }
    }
  }

  private Sample sample(long at, Packed.Reader in) {
    return new Sample(
        at,
        in.number(),
        Sample.OUTCOMES.get((int) in.number()),
        word(in),
        word(in),
        word(in),
        word(in),
        word(in),
        in.number(),
        in.number(),
        cpuMs(in),
        phases(in));
  }

  private static @Nullable Long cpuMs(Packed.Reader in) {
    long oneMore = in.number();
    return oneMore == 0 ? null : oneMore - 1;
  }

  private List<Phase> phases(Packed.Reader in) {
    int count = (int) in.number();
    if (count == 0) {
      return List.of();
    }
    List<Phase> phases = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      phases.add(new Phase(word(in), in.number()));
    }
    return phases;
  }

  private String word(Packed.Reader in) {
    return words.word((int) in.number());
  }
}
