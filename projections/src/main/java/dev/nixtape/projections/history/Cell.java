package dev.nixtape.projections.history;

import dev.nixtape.projections.history.Sample.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// The samples of one package in one month, packed, in the order in which they came: what is added
/// is appended.
final class Cell {
  private final Words words;

  Cell(Words words) {
    this.words = words;
  }

  /// @param monthBegins in milliseconds since 1970
  byte[] plus(byte[] cell, long monthBegins, Sample sample) {
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
            .number(sample.phases().size());
    for (Phase phase : sample.phases()) {
      out.number(words.number(phase.name())).number(phase.durationMs());
    }
    return out.after(cell);
  }

  void read(byte[] cell, long monthBegins, Consumer<Sample> samples) {
    Packed.Reader in = new Packed.Reader(cell);
    while (in.hasMore()) {
      samples.accept(
          new Sample(
              monthBegins + in.number(),
              in.number(),
              Sample.OUTCOMES.get((int) in.number()),
              word(in),
              word(in),
              word(in),
              word(in),
              word(in),
              in.number(),
              in.number(),
              phases(in)));
    }
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
