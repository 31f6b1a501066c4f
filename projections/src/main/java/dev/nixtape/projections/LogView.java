package dev.nixtape.projections;

/// What the log holds.
public record LogView(
    long sessions,
    long open,
    long chunks,
    long bytes,
    long lines,
    long text,
    long unrecognised,
    long gaps,
    long missing,
    long missingLines,
    long repeated) {

  public static LogView of(Iterable<HostView> hosts) {
    long sessions = 0;
    long open = 0;
    Session.Tally all = Session.Tally.NONE;
    for (HostView host : hosts) {
      sessions += host.sessions();
      open += host.open();
      all = all.plus(host.log());
    }
    return new LogView(
        sessions,
        open,
        all.chunks(),
        all.bytes(),
        all.lines(),
        all.text(),
        all.unrecognised(),
        all.gaps(),
        all.missing(),
        all.missingLines(),
        all.repeated());
  }
}
