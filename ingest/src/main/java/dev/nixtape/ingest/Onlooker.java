package dev.nixtape.ingest;

/// Looks at what a session publishes, as it passes, without ever holding it up.
interface Onlooker {
  Onlooker NOBODY =
      new Onlooker() {
        @Override
        public void passed(byte[] chunk, boolean startsLine) {}

        @Override
        public void closing(Runnable close) {
          close.run();
        }
      };

  /// @param startsLine whether the chunk's first byte is a line's first byte
  void passed(byte[] chunk, boolean startsLine);

  /// The session has no more bytes: the onlooker runs `close` when it has nothing more to say about
  /// it.
  void closing(Runnable close);
}
